"""Names and shapes of every tensor of Playground v2.5 (SDXL architecture), driven only by the component's config.

The generators yield (diffusers name, shape) and serve scaled-down configs as well as the published ones.
Naming: a linear weight is [out, in], a convolution [out, in, k, k], a norm [channels].
"""
from collections.abc import Iterator

from pg_configs import Config

Entry = tuple[str, tuple[int, ...]]


def _linear(name: str, o: int, i: int, bias: bool = True) -> Iterator[Entry]:
    yield name + ".weight", (o, i)
    if bias:
        yield name + ".bias", (o,)


def _conv(name: str, o: int, i: int, k: int) -> Iterator[Entry]:
    yield name + ".weight", (o, i, k, k)
    yield name + ".bias", (o,)


def _norm(name: str, c: int) -> Iterator[Entry]:
    yield name + ".weight", (c,)
    yield name + ".bias", (c,)


def _resnet(p: str, cin: int, cout: int, temb: int) -> Iterator[Entry]:
    """`temb` = width of the time embedding, 0 where there is none (VAE)."""
    yield from _norm(p + ".norm1", cin)
    yield from _conv(p + ".conv1", cout, cin, 3)
    if temb:
        yield from _linear(p + ".time_emb_proj", cout, temb)
    yield from _norm(p + ".norm2", cout)
    yield from _conv(p + ".conv2", cout, cout, 3)
    if cin != cout:
        yield from _conv(p + ".conv_shortcut", cout, cin, 1)


def _transformer(p: str, c: int, ctx: int, depth: int) -> Iterator[Entry]:
    yield from _norm(p + ".norm", c)
    yield from _linear(p + ".proj_in", c, c)
    for i in range(depth):
        b = f"{p}.transformer_blocks.{i}"
        for n in (1, 2, 3):
            yield from _norm(f"{b}.norm{n}", c)
        for a, kv in (("attn1", c), ("attn2", ctx)):
            yield from _linear(f"{b}.{a}.to_q", c, c, False)
            yield from _linear(f"{b}.{a}.to_k", c, kv, False)
            yield from _linear(f"{b}.{a}.to_v", c, kv, False)
            yield from _linear(f"{b}.{a}.to_out.0", c, c)
        yield from _linear(f"{b}.ff.net.0.proj", 8 * c, c)
        yield from _linear(f"{b}.ff.net.2", c, 4 * c)
    yield from _linear(p + ".proj_out", c, c)


def _depths(of: int | list[int], layers: int) -> list[int]:
    return [of] * layers if isinstance(of, int) else of


def _middle(cfg: Config, c: int, ctx: int, temb: int) -> Iterator[Entry]:
    kind = cfg["mid_block_type"]
    if kind is not None:
        yield from _resnet("mid_block.resnets.0", c, c, temb)
    if kind == "UNetMidBlock2DCrossAttn":
        depth = cfg["transformer_layers_per_block"][-1]
        yield from _transformer("mid_block.attentions.0", c, ctx, _depths(depth, 1)[0])
        yield from _resnet("mid_block.resnets.1", c, c, temb)


def enumerate_unet(cfg: Config) -> Iterator[Entry]:
    ch, n, depth = cfg["block_out_channels"], cfg["layers_per_block"], cfg["transformer_layers_per_block"]
    up_depth = cfg.get("reverse_transformer_layers_per_block") or depth[::-1]
    ctx, temb, last = cfg["cross_attention_dim"], 4 * ch[0], len(ch) - 1
    yield from _conv("conv_in", ch[0], cfg["in_channels"], 3)
    yield from _linear("time_embedding.linear_1", temb, ch[0])
    yield from _linear("time_embedding.linear_2", temb, temb)
    yield from _linear("add_embedding.linear_1", temb, cfg["projection_class_embeddings_input_dim"])
    yield from _linear("add_embedding.linear_2", temb, temb)
    skips, cur = [ch[0]], ch[0]
    for b, typ in enumerate(cfg["down_block_types"]):
        for j in range(n):
            yield from _resnet(f"down_blocks.{b}.resnets.{j}", cur, ch[b], temb)
            cur = ch[b]
            if typ.startswith("CrossAttn"):
                yield from _transformer(f"down_blocks.{b}.attentions.{j}", cur, ctx, _depths(depth[b], n)[j])
            skips.append(cur)
        if b < last:
            yield from _conv(f"down_blocks.{b}.downsamplers.0.conv", cur, cur, 3)
            skips.append(cur)
    yield from _middle(cfg, cur, ctx, temb)
    for b, typ in enumerate(cfg["up_block_types"]):
        out = ch[last - b]
        for j in range(n + 1):
            yield from _resnet(f"up_blocks.{b}.resnets.{j}", cur + skips.pop(), out, temb)
            cur = out
            if typ.startswith("CrossAttn"):
                yield from _transformer(f"up_blocks.{b}.attentions.{j}", cur, ctx, _depths(up_depth[b], n + 1)[j])
        if b < last:
            yield from _conv(f"up_blocks.{b}.upsamplers.0.conv", cur, cur, 3)
    yield from _norm("conv_norm_out", cur)
    yield from _conv("conv_out", cfg["out_channels"], cur, 3)


def _vae_mid(p: str, c: int) -> Iterator[Entry]:
    yield from _resnet(p + ".resnets.0", c, c, 0)
    yield from _norm(p + ".attentions.0.group_norm", c)
    for n in ("to_q", "to_k", "to_v", "to_out.0"):
        yield from _linear(f"{p}.attentions.0.{n}", c, c)
    yield from _resnet(p + ".resnets.1", c, c, 0)


def enumerate_vae(cfg: Config) -> Iterator[Entry]:
    ch, n, lat = cfg["block_out_channels"], cfg["layers_per_block"], cfg["latent_channels"]
    last = len(ch) - 1
    yield from _conv("encoder.conv_in", ch[0], cfg["in_channels"], 3)
    cur = ch[0]
    for b in range(len(ch)):
        for j in range(n):
            yield from _resnet(f"encoder.down_blocks.{b}.resnets.{j}", cur, ch[b], 0)
            cur = ch[b]
        if b < last:
            yield from _conv(f"encoder.down_blocks.{b}.downsamplers.0.conv", cur, cur, 3)
    yield from _vae_mid("encoder.mid_block", cur)
    yield from _norm("encoder.conv_norm_out", cur)
    yield from _conv("encoder.conv_out", 2 * lat, cur, 3)
    yield from _conv("quant_conv", 2 * lat, 2 * lat, 1)
    yield from _conv("post_quant_conv", lat, lat, 1)
    yield from _conv("decoder.conv_in", cur, lat, 3)
    yield from _vae_mid("decoder.mid_block", cur)
    for b in range(len(ch)):
        out = ch[last - b]
        for j in range(n + 1):
            yield from _resnet(f"decoder.up_blocks.{b}.resnets.{j}", cur, out, 0)
            cur = out
        if b < last:
            yield from _conv(f"decoder.up_blocks.{b}.upsamplers.0.conv", cur, cur, 3)
    yield from _norm("decoder.conv_norm_out", cur)
    yield from _conv("decoder.conv_out", cfg["out_channels"], cur, 3)


def enumerate_clip(cfg: Config) -> Iterator[Entry]:
    d, m = cfg["hidden_size"], cfg["intermediate_size"]
    yield "text_model.embeddings.token_embedding.weight", (cfg["vocab_size"], d)
    yield "text_model.embeddings.position_embedding.weight", (cfg["max_position_embeddings"], d)
    for i in range(cfg["num_hidden_layers"]):
        p = f"text_model.encoder.layers.{i}"
        for n in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _linear(f"{p}.self_attn.{n}", d, d)
        yield from _norm(p + ".layer_norm1", d)
        yield from _norm(p + ".layer_norm2", d)
        yield from _linear(p + ".mlp.fc1", m, d)
        yield from _linear(p + ".mlp.fc2", d, m)
    yield from _norm("text_model.final_layer_norm", d)
    if "WithProjection" in cfg["architectures"][0]:
        yield "text_projection.weight", (cfg["projection_dim"], d)  # no bias


ENUMERATE = {"unet": enumerate_unet, "vae": enumerate_vae,
             "text_encoder": enumerate_clip, "text_encoder_2": enumerate_clip}
