"""``preprocessor_config.json`` as fast processors of Hugging Face write it, with nulls."""

import json

import pytest
from muxnet.base.errors import ConfigError
from muxnet.pool.input_files import InputKeys, read_input_file
from muxnet.pool.model_input import resolve

FAST = {
    "crop_size": None,
    "data_format": "channels_first",
    "default_to_square": True,
    "device": None,
    "do_center_crop": None,
    "do_convert_rgb": None,
    "do_normalize": True,
    "do_pad": None,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "ViTImageProcessorFast",
    "image_std": [0.5, 0.5, 0.5],
    "input_data_format": None,
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224, "longest_edge": None, "shortest_edge": None},
}


def read(path, **change):
    (path / "c.json").write_text(json.dumps({**FAST, **change}))
    return read_input_file(path / "c.json", InputKeys())


def test_a_null_says_no_more_than_a_key_that_is_not_there(tmp_path):
    keys = read(tmp_path)
    assert (keys.size, keys.fit, keys.interpolation) == ((224, 224), "stretch", "bilinear")
    assert keys.mean == (0.5, 0.5, 0.5)
    assert read(tmp_path, rescale_factor=None).scale is None
    assert read(tmp_path, image_mean=None, do_normalize=None).mean is None
    assert read(tmp_path, do_resize=None, do_rescale=None).size == (224, 224)
    for change in ({"image_mean": None}, {"size": None}, {"resample": None}):
        with pytest.raises(ConfigError, match=f"{next(iter(change))}.*received none"):
            read(tmp_path, **change)
    timm = {"input_size": [3, 64, 64], "mean": [0.5], "std": [0.5], "crop_pct": None}
    (tmp_path / "c.json").write_text(json.dumps({"pretrained_cfg": {**timm, "crop_mode": None}}))
    assert read_input_file(tmp_path / "c.json", InputKeys()).resize == 73


def test_what_is_cut_out_is_a_share_of_whatever_size(tmp_path):
    timm = {"input_size": [3, 64, 64], "mean": [0.5], "std": [0.5], "crop_pct": 0.95}
    convnext = {**FAST, "image_processor_type": "ConvNextImageProcessor", "crop_pct": 0.875}
    for content, size, wanted in (
        (timm, None, ((64, 64), "crop", 67)),
        (timm, 160, ((160, 160), "crop", 168)),
        (timm, (160, 96), ((64, 64), "crop", 67)),  # of the file's size: the entry's has none
        ({**convnext, "size": 224}, None, (224, "crop", 256)),
        ({**convnext, "size": 224}, 168, (168, "crop", 192)),
        ({**convnext, "size": 224}, 384, (384, "stretch", None)),
    ):
        (tmp_path / "c.json").write_text(json.dumps(content))
        keys = read_input_file(tmp_path / "c.json", InputKeys(size=size))
        assert (keys.size, keys.fit, keys.resize) == wanted


def test_a_stretched_image_is_cut_where_its_file_says_so(tmp_path):
    deit = {"image_processor_type": "DeiTImageProcessor", "do_center_crop": True, "resample": 3}
    keys = read(tmp_path, **deit, size=256, crop_size={"height": 224, "width": 224})
    assert (keys.size, keys.fit, keys.resize) == ((224, 224), "stretch", 256)
    for size in ({"height": 256, "width": 300}, 192):
        with pytest.raises(ConfigError, match=r"size\] expected a square of at least 224"):
            read(tmp_path, **deit, size=size, crop_size=224)


TIMM = {"input_size": [3, 64, 64], "mean": [0.5], "std": [0.5], "crop_pct": 0.875}
CONVNEXT = {**FAST, "size": 64, "image_processor_type": "ConvNextImageProcessor", "crop_pct": 0.8}


@pytest.mark.parametrize("size", [None, 64, 96, (96, 64)])
@pytest.mark.parametrize(
    "content", [TIMM, {**TIMM, "crop_mode": "squash", "crop_pct": 1}, CONVNEXT, FAST]
)
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_a_fit_of_an_entry_that_cuts_nothing_is_whole(tmp_path, content, size, fit):
    (tmp_path / "c.json").write_text(json.dumps(content))
    images = resolve("m", InputKeys(config="c.json", size=size, fit=fit), tmp_path, None).images
    assert (images.fit, images.resize) == (fit, 0)


def test_what_an_entry_says_need_not_be_known_of_a_file_of_timm(tmp_path):
    for change in ({"crop_mode": "border"}, {"input_size": [3, 64, 96]}, {"interpolation": "x"}):
        (tmp_path / "c.json").write_text(json.dumps({**TIMM, **change}))
        with pytest.raises(ConfigError, match=next(iter(change))):
            resolve("m", InputKeys(config="c.json"), tmp_path, None)
        own = InputKeys(config="c.json", size=56, fit="crop", interpolation="box")
        images = resolve("m", own, tmp_path, None).images
        assert (images.fit, images.resize, images.interpolation) == ("crop", 64, "box")
