"""The denoiser's structure: SDXL's UNet at a small width."""

from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

from ..settings import LATENT_SIDE
from ..text.encoders import POOLED_WIDTH, SEQUENCE_WIDTH

TIME_WIDTH = 32
"""Width of the embedding of each of the six micro-conditioning numbers."""


def new_unet() -> UNet2DConditionModel:
    model = UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 96, 160),
        layers_per_block=1,
        # Like SDXL, most of the attention is at the coarsest level, where it costs least.
        transformer_layers_per_block=[1, 1, 2],
        cross_attention_dim=SEQUENCE_WIDTH,
        attention_head_dim=[2, 3, 5],  # heads per block, each 32 wide: diffusers' name for it is wrong since SDXL
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=6 * TIME_WIDTH + POOLED_WIDTH,
        use_linear_projection=True,
        norm_num_groups=32,
    )
    # On a processor the plain attention is faster than the fused one at these sizes.
    model.set_attn_processor(AttnProcessor())
    return model
