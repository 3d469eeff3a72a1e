"""The older segmindapi package: it asks for 1024x1024, sends numbers as text, and expects the bytes of the picture."""
import os

from segmindapi.T2I import T2I

client = T2I(url=f"{os.environ['URL']}/v1/playground-v2.5", api_key=os.environ["KEY"])
# Without guidance it is half the work.
settings = {"scheduler": "edm_dpmpp_2m", "num_inference_steps": 20, "guidance_scale": 1.0}
picture = client.generate("a red apple on a blue background", **settings, seed=3)
assert picture.format == "JPEG" and picture.size == (1024, 1024), (picture.format, picture.size)
try:
    client.generate("a red apple", scheduler="edm_dpmpp_2m", num_inference_steps=101)
    raise AssertionError("was not refused")
except Exception as error:
    assert "400" in str(error), error
print("segmindapi ok")
