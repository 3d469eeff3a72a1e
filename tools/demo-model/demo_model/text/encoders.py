"""The two text encoders: CLIP's architecture, a few layers each."""

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from ..settings import CHECKPOINTS
from ..training import checkpoint

VOCABULARY = 4096
START, END = VOCABULARY - 2, VOCABULARY - 1
LENGTH = 77
WIDTHS = (64, 128)
SEQUENCE_WIDTH = sum(WIDTHS)
POOLED_WIDTH = 128

CHECKPOINT = CHECKPOINTS / "text.pt"
Encoders = tuple[CLIPTextModel, CLIPTextModelWithProjection]


def new_encoders() -> Encoders:
    shared = dict(
        vocab_size=VOCABULARY, max_position_embeddings=LENGTH, bos_token_id=START, eos_token_id=END
    )
    first = CLIPTextConfig(
        hidden_size=WIDTHS[0], intermediate_size=4 * WIDTHS[0], num_hidden_layers=2, num_attention_heads=2,
        hidden_act="quick_gelu", pad_token_id=END, projection_dim=WIDTHS[0], **shared,
    )
    second = CLIPTextConfig(
        hidden_size=WIDTHS[1], intermediate_size=4 * WIDTHS[1], num_hidden_layers=3, num_attention_heads=4,
        hidden_act="gelu", pad_token_id=0, projection_dim=POOLED_WIDTH, **shared,
    )
    return CLIPTextModel(first), CLIPTextModelWithProjection(second)


def load_encoders() -> Encoders:
    """The trained ones, frozen."""
    state = checkpoint.load(CHECKPOINT)
    encoders = new_encoders()
    for encoder, weights in zip(encoders, state["encoders"]):
        encoder.load_state_dict(weights)
        encoder.eval().requires_grad_(False)
    return encoders


def encode(encoders: Encoders, tokens: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """As SDXL does: penultimate hidden states of both beside each other (B, L, 192), the second's projection (B, 128)."""
    first, second = (encoder(ids, output_hidden_states=True) for encoder, ids in zip(encoders, tokens))
    return torch.cat([first.hidden_states[-2], second.hidden_states[-2]], -1), second.text_embeds
