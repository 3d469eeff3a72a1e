"""Names in a single-file checkpoint (the "ldm" naming of A1111, ComfyUI and the published .safetensors file)."""
from pg_configs import Config


def _swap(name: str, table: list[tuple[str, str]]) -> str:
    for a, b in table:
        name = name.replace(a, b)
    return name


_UNET_RES = [(".norm1.", ".in_layers.0."), (".conv1.", ".in_layers.2."), (".time_emb_proj.", ".emb_layers.1."),
             (".norm2.", ".out_layers.0."), (".conv2.", ".out_layers.3."), (".conv_shortcut.", ".skip_connection.")]


def ldm_unet_name(name: str, cfg: Config) -> str:
    n = cfg["layers_per_block"]
    P = "model.diffusion_model."
    top = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
           "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
           "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2"}
    for k, v in top.items():
        if name.startswith(k + "."):
            return P + v + name[len(k):]
    part = name.split(".")
    if part[0] == "mid_block":
        if part[1] == "resnets":
            return P + "middle_block." + ("0" if part[2] == "0" else "2") + _swap("." + ".".join(part[3:]), _UNET_RES)
        return P + "middle_block.1." + ".".join(part[3:])
    b, kind, j = int(part[1]), part[2], int(part[3])
    rest = "." + ".".join(part[4:])
    if part[0] == "down_blocks":
        base = 1 + b * (n + 1)
        if kind == "resnets":
            return f"{P}input_blocks.{base + j}.0" + _swap(rest, _UNET_RES)
        if kind == "attentions":
            return f"{P}input_blocks.{base + j}.1" + rest
        return f"{P}input_blocks.{base + n}.0.op" + rest[len(".conv"):]
    base = b * (n + 1)
    if kind == "resnets":
        return f"{P}output_blocks.{base + j}.0" + _swap(rest, _UNET_RES)
    if kind == "attentions":
        return f"{P}output_blocks.{base + j}.1" + rest
    has_attn = cfg["up_block_types"][b].startswith("CrossAttn")
    return f"{P}output_blocks.{base + n}.{2 if has_attn else 1}" + rest


def ldm_vae_name(name: str, cfg: Config) -> str:
    """Attention projections are stored as 1x1 convolutions: weight shape [C,C] -> [C,C,1,1]."""
    P = "first_stage_model."
    last = len(cfg["block_out_channels"]) - 1
    part = name.split(".")
    if part[0] in ("quant_conv", "post_quant_conv"):
        return P + name
    side, rest = part[0], part[1:]
    if rest[0] == "mid_block":
        tail = ".".join(rest[3:])
        if rest[1] == "resnets":
            blk = "block_" + str(int(rest[2]) + 1)
            return f"{P}{side}.mid.{blk}.{tail}"
        tail = _swap(tail + " ", [("group_norm.", "norm."), ("to_q.", "q."), ("to_k.", "k."), ("to_v.", "v."),
                                  ("to_out.0.", "proj_out.")]).strip()
        return f"{P}{side}.mid.attn_1.{tail}"
    if rest[0] == "down_blocks":
        b, tail = int(rest[1]), ".".join(rest[4:]).replace("conv_shortcut", "nin_shortcut")
        return (f"{P}{side}.down.{b}.block.{rest[3]}.{tail}" if rest[2] == "resnets"
                else f"{P}{side}.down.{b}.downsample.{tail}")
    if rest[0] == "up_blocks":  # ldm numbers decoder levels from the finest: level = last - b
        b, tail = last - int(rest[1]), ".".join(rest[4:]).replace("conv_shortcut", "nin_shortcut")
        return (f"{P}{side}.up.{b}.block.{rest[3]}.{tail}" if rest[2] == "resnets"
                else f"{P}{side}.up.{b}.upsample.{tail}")
    return P + side + "." + ".".join(rest).replace("conv_norm_out", "norm_out")


def ldm_clip1_name(name: str) -> str:
    return "conditioner.embedders.0.transformer." + name


_OPEN_CLIP = [("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
              ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
              ("text_model.final_layer_norm.", "ln_final."), ("text_model.encoder.layers.", "transformer.resblocks."),
              (".layer_norm1.", ".ln_1."), (".layer_norm2.", ".ln_2."), (".mlp.fc1.", ".mlp.c_fc."),
              (".mlp.fc2.", ".mlp.c_proj."), (".self_attn.out_proj.", ".attn.out_proj.")]


def ldm_clip2_name(name: str) -> str:
    """q/k/v become rows [0:d], [d:2d], [2d:3d] of attn.in_proj_{weight,bias}; text_projection is stored
    transposed and without '.weight'."""
    P = "conditioner.embedders.1.model."
    if name == "text_projection.weight":
        return P + "text_projection"
    out = _swap(name, _OPEN_CLIP)
    for i, n in enumerate(("q_proj", "k_proj", "v_proj")):
        if f".self_attn.{n}." in out:
            stem, kind = out.split(f".self_attn.{n}.")
            return f"{P}{stem}.attn.in_proj_{kind}#{i}"  # '#i' marks the row third
    return P + out
