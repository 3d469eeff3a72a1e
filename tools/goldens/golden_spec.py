"""The fixture set of the repository's own tests (tests/fixtures/goldens)."""
from spec import Case, Spec
from tokenizer_strings import LONG_PROMPT

CASES: list[Case] = [
    Case(id="01_square_neg_none", prompt="Astronaut in a jungle, cold color palette, muted colors, detailed, 8k",
         width=64, height=64, steps=4, guidance=3.0, negative=None, seed=0),
    Case(id="02_portrait_unicode_neg_empty", prompt="Ein Café in Zürich 🌧️☕ — 東京タワー, naïve \"style\" don't",
         width=64, height=96, steps=20, guidance=3.0, negative="", seed=42),
    Case(id="03_landscape_neg_text", prompt="a corgi riding a skateboard through the city", width=128, height=64,
         steps=25, guidance=7.5, negative="blurry, low quality, watermark!", seed=36446545871),
    Case(id="04_four_samples_one_generator", prompt="isometric voxel castle", width=64, height=64, steps=4,
         guidance=3.0, negative=None, seed=999999999999999, samples=4),
    Case(id="05_four_samples_generator_list", prompt="isometric voxel castle", width=64, height=64, steps=4,
         guidance=3.0, negative=None, seeds=[5, 6, 7, 8], samples=4),
    Case(id="06_long_prompt_no_cfg", prompt=LONG_PROMPT, width=64, height=64, steps=4, guidance=1.0,
         negative="ignored", seed=0),
    Case(id="07_long_prompt_cfg", prompt=LONG_PROMPT, width=96, height=64, steps=4, guidance=3.0,
         negative="ugly, " * 60, seed=1),
    Case(id="08_empty_prompt", prompt="", width=64, height=64, steps=20, guidance=3.0, negative=None, seed=7),
    Case(id="09_exclamation", prompt="hello!world!! wow! ?!", width=64, height=64, steps=4, guidance=3.0,
         negative="no! never!!", seed=3),
    Case(id="10_euler", prompt="a bowl of ramen, studio photo", width=64, height=64, steps=20, guidance=5.0,
         negative=None, seed=42, scheduler="EDMEulerScheduler"),
    Case(id="11_micro_conditioning", prompt="macro photo of a beetle", width=64, height=64, steps=4, guidance=7.5,
         negative="drawing", seed=11, original_size=(512, 768), crops=(16, 32), target_size=(1024, 960),
         negative_original_size=(300, 200), negative_crops=(1, 2), negative_target_size=(640, 512)),
    Case(id="12_odd_latent_size", prompt="narrow alley at night", width=72, height=88, steps=4, guidance=3.0,
         negative=None, seed=12),
    Case(id="13_guidance_rescale", prompt="neon sign in the rain", width=64, height=64, steps=4, guidance=7.5,
         negative=None, seed=13, guidance_rescale=0.7),
    Case(id="14_one_step", prompt="one step", width=64, height=64, steps=1, guidance=3.0, negative=None, seed=14),
    Case(id="15_two_prompts", prompt="a red car", prompt_2="in the style of ukiyo-e", negative="grey",
         negative_2="photo", width=64, height=64, steps=14, guidance=3.0, seed=15),
    Case(id="16_exponential_schedule", prompt="tall ship", width=64, height=64, steps=15, guidance=3.0,
         negative=None, seed=16, scheduler_kwargs={"sigma_schedule": "exponential"}),
    Case(id="17_img2img", prompt="a watercolour landscape", width=64, height=64, steps=20, guidance=3.0,
         negative=None, seed=17, strength=0.6),
]

STRINGS = [
    "Käsespätzle für 2!", "œuvre d'art", "smörgåsbord", "l'été", "d'Artagnan", "rock 'n' roll", "o'clock",
    "Mc'Donald", "x'll'x", "'re'd", "Zürich–Genève", "ПРИВЕТ", "ЁЛКА", "ǄǅǆǇ", "ÆØÅ æøå", "ÿŸ", "ŉ", "ŀ", "Ω Ω",
    "K K", "ﷺ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𝟙𝟚𝟛", "①②③", "ⅣⅤ", "m²·kg⁻¹", "H₂O", "x₁+x₂", "a\u0300\u0301b", "e\u0301\u0323",
]

SPEC = Spec(
    name="goldens", weights_seed=20240227, cases=CASES, strings=STRINGS,
    randn_seeds=[0, 1, 42, 1234, 2**31, 2**32 - 1, 2**32, 36446545871, 999999999999999, 2**53 - 1, 2**63, 2**64 - 1,
                 -1],
)
