"""Strings on which CLIP tokenizers go wrong: spaces, case, marks, scripts, control characters, markers, lengths."""

LONG_PROMPT = (
    "a highly detailed oil painting of a quiet harbour town at dawn, fishing boats with red sails, cobblestone "
    "streets, bakeries opening their shutters, gulls over the lighthouse, mist between the hills, warm light in "
    "the windows, an old man mending nets, children with a kite, cats asleep on crates of oranges, laundry lines,"
    " church bells, a postman on a bicycle, flower boxes, reflections in puddles, soft volumetric light, "
    "masterpiece, intricate, 8k, trending, golden ratio composition, film grain"
)

COMMON = [
    "", " ", "a", "A", "a photo of a cat", "  leading and   inner   spaces  ", "tabs\tand\nnewlines\r\nhere",
    "Hello, World!", "hello!world", "!", "!!", "!!!", "wow!!!!", "!a", "a!", "?!", "!?", "¡hola!", "don't", "DON'T",
    "it's we're they've I'm you'll he'd", "'s", "s'", "'S 'T 'RE", "''", "rock'n'roll", "can't've", "don’t",
    "“quoted” ‘text’", "\"double\"", "`back`", "1234567890", "3.14159", "8k", "4K", "1920x1080", "v2.5", "½ ¼ ²",
    "１２３", "Ⅷ", "٣٤٥", "café", "cafe\u0301", "CAFÉ", "naïve", "ÅNGSTRÖM", "İstanbul", "straße", "STRASSE", "ß", "ǅ",
    "ﬁ ligature", "Ελλάδα", "ΣΊΣΥΦΟΣ", "Привет, мир", "你好世界", "東京タワー", "こんにちは",
    "한국어", "العربية", "עברית", "हिन्दी",
    "ไทย", "🙂", "🙂🙂", "👩‍🚀", "👍🏽", "🇨🇭", "☕️", "🌧️☕", "❤️‍🔥", "a🙂b", "\u200b", "a\u200bb", "\u00a0", "a\u00a0b",
    "\u3000全角", "\ufeffbom", "\u2028line", "a\x1cb", "a\x85b", "a\u180eb", "a\u2060b", "\x00", "a\x00b", "\x07bell",
    "\x1b[0m", "\ufffd", "\ud7ff", "\U0010ffff", "\u00ad", "soft\u00adhyphen", "<|startoftext|>", "<|endoftext|>",
    "a <|endoftext|> b", "<|ENDOFTEXT|>", "<|startoftext|>hi<|endoftext|>", "<|pad|>", "<b>html</b>", "&amp; &lt;",
    "</w>", "a</w>", "_", "__init__", "snake_case", "camelCase", "kebab-case", "path/to/file.txt", "C:\\temp",
    "http://example.com/?q=1&b=2", "me@example.com", "#hashtag", "@user", "(word:1.2)", "((very))", "[x]", "{y}",
    "a,b,c", "a , b", "...", "…", "—", "–", "-", "--", "~", "^^", "*bold*", "$5.00", "€20", "£", "¥", "%", "100%",
    "+", "=", "a+b=c", "|", "\\", "//", ";", ":", "::", "supercalifragilisticexpialidocious",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "zxqjkvbp", "antidisestablishmentarianism", "x" * 300, "word " * 80,
    "cat, " * 40, "🙂" * 30, "漢" * 40, "! " * 80, "1" * 90, "masterpiece, best quality, 1girl, solo",
    "Astronaut in a jungle, cold color palette, muted colors, detailed, 8k", LONG_PROMPT,
]
