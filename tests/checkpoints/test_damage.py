"""Which checkpoints are intact."""

import os

import pytest
from damaged_checkpoints import damage, save_model

from tfmts_compat._checkpoints.damage import find_damage


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("checksums", [False, True])
def test_partitioned_text_and_bfloat16_variables_are_intact(tmp_path, sharded, checksums):
    prefix = save_model(str(tmp_path), sharded=sharded)
    assert find_damage(prefix, checksums) is None


@pytest.mark.parametrize("shard", [0, 1])
def test_a_missing_shard_is_named(tmp_path, shard):
    prefix = save_model(str(tmp_path), sharded=True)
    damage(f"{prefix}.data-0000{shard}-of-00002", "gone")
    assert find_damage(prefix, checksums=False) == (
        f"{prefix}.data-0000{shard}-of-00002 (global step 3) is missing"
    )


def test_a_truncated_shard_is_found_without_reading_a_tensor(tmp_path):
    prefix = save_model(str(tmp_path), sharded=True)
    damage(f"{prefix}.data-00000-of-00002", "truncated")
    assert f"{prefix}.data-* (global step 3) is truncated (20,048 of 40,046 bytes)" in str(
        find_damage(prefix, checksums=False)
    )


def test_a_changed_byte_is_found_only_by_its_checksum(directory):
    prefix = os.path.join(directory, "model.ckpt-6")
    damage(f"{prefix}.data-00000-of-00001", "flipped")
    assert find_damage(prefix, checksums=False) is None
    assert "hecksum" in find_damage(prefix)
