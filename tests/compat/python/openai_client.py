"""The official openai package for Python: plain, streaming, error classes."""
import base64
import os

import openai

client = openai.OpenAI(base_url=f"{os.environ['URL']}/v1", api_key=os.environ["KEY"], max_retries=0, timeout=120)
prompt = "a red apple on a blue background"

plain = client.images.generate(prompt=prompt, model="gpt-image-1", n=2)
assert [base64.b64decode(image.b64_json)[1:4] for image in plain.data] == [b"PNG", b"PNG"]

types = [event.type for event in client.images.generate(prompt=prompt, model="gpt-image-1", stream=True, partial_images=2)]
# A fast machine may be done before the second preview is due.
assert types[-1] == "image_generation.completed" and 1 <= len(types[:-1]) <= 2, types
assert set(types[:-1]) == {"image_generation.partial_image"}, types

for kind, call in (
    (openai.AuthenticationError, lambda: client.with_options(api_key="SG_0000000000000000").images.generate(prompt=prompt)),
    (openai.NotFoundError, lambda: client.images.generate(prompt=prompt, model="no-such-model")),
    (openai.BadRequestError, lambda: client.images.generate(prompt=prompt, n=9)),
):
    try:
        call()
        raise AssertionError("was not refused")
    except kind:
        pass
assert any(model.id == "playground-v2.5" for model in client.models.list().data)
print("openai ok")
