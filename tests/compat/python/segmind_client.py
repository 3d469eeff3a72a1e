"""The official Segmind SDK, unmodified but for the base URL: synchronous, asynchronous, failures."""
import base64
import os

import segmind
from segmind.exceptions import SegmindError

client = segmind.SegmindClient(api_key=os.environ["KEY"], base_url=f"{os.environ['URL']}/v1", timeout=120)
fields = dict(prompt="a red apple on a blue background", num_inference_steps=20, seed=7)

reply = client.run_sync("playground-v2.5", base64=False, **fields)
assert reply.headers["content-type"] == "image/jpeg", reply.headers
assert reply.content[:3] == b"\xff\xd8\xff"
assert float(reply.headers["x-remaining-credits"]) < 100
encoded = client.run_sync("playground-v2.5", **fields).json()
assert base64.b64decode(encoded["image"]) == reply.content

result = client.run("playground-v2.5", **fields)
assert result["status"] == "COMPLETED" and result["seed"] == "7", result
assert client._client.get(result["output"]).content[:3] == b"\xff\xd8\xff"

job = client.submit_async("playground-v2.5", samples=2, **fields)
done = job.wait(timeout=120, interval=0.2)
assert len(done["images"]) == 2, done
assert job.status()["status"] == "COMPLETED"

for wrong, status in ((dict(fields, num_inference_steps=101), 400), (dict(fields, prompt=""), 400)):
    try:
        client.run_sync("playground-v2.5", **wrong)
        raise AssertionError("was not refused")
    except SegmindError as error:
        assert error.status == status and isinstance(error.detail, str), error
try:
    segmind.SegmindClient(api_key="SG_0000000000000000", base_url=f"{os.environ['URL']}/v1").run("playground-v2.5", **fields)
    raise AssertionError("was not refused")
except SegmindError as error:
    assert error.status == 401, error
print("segmind ok")
