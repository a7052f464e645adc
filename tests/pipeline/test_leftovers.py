"""What a process that died left behind: it does not stay for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from earshot.pipeline.plan import batch_folder
from tests.pipeline.world import World, item, rss

MakeWorld = Callable[..., World]


def test_folders_of_batches_that_never_ended_are_removed_after_a_day(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", rss(item("http://blog.example/one", "Pump", "A pump.")))
    for name, age in {"young": timedelta(hours=23), "old": timedelta(hours=25)}.items():
        folder = batch_folder(world.workspace, name)
        folder.mkdir(parents=True)
        (folder / "batch.json").write_text("{}")
        then = (world.clock.now() - age).timestamp()
        os.utime(folder, (then, then))
    world.round()
    assert [each.name for each in batch_folder(world.workspace, "x").parent.iterdir()] == ["young"]
