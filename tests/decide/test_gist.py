"""A gist holds what the fold needs of a notice, to the bit; bytes that are none are taken for nothing."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.notice import Notice
from keepclear_protocol.volume import circle_json, corridor_json
from keepclear_service.decide.gist import LAYOUT, Gist, read_gist, write_gist
from msgspec import structs
from support.world import World, box


def notice(world: World, rng: Random) -> Notice:
    """A polygon, a circle and a corridor, some on a pole or on the antimeridian."""
    volumes = [box(rng.randrange(-80, 80), rng.randrange(-170, 170)) for _ in range(3)]
    lat, lng = rng.choice([-90.0, 90.0, rng.randrange(-89, 89)]), rng.choice([-180.0, 180.0, rng.randrange(-179, 180)])
    far = round(lat * 0.99 + 0.01, 6), lng
    outlines = circle_json((lat, lng), 1 + rng.random()), corridor_json([(lat, lng), far], 0.5)
    for volume, outline in zip(volumes, outlines, strict=False):
        del volume["volume"]["outline_polygon"]
        volume["volume"].update(outline)
    return world.opened(world.submission("north", *volumes, category=rng.choice(["transport", "strike"])))


def figures(volume: Any) -> str:
    shape = volume.shape
    named = {field.name: getattr(shape, field.name) for field in structs.fields(type(shape)) if field.name != "core"}
    return repr((volume, named, str(shape.geography)))


def test_every_figure_is_the_notices_own() -> None:
    world, rng = World(), Random(7)
    for _ in range(60):
        filed = notice(world, rng)
        gist = read_gist("north", filed.id, write_gist(filed))
        assert isinstance(gist, Gist)
        assert (gist.party, gist.id, gist.category) == (filed.party, filed.id, filed.category)
        assert gist.last_end == filed.last_end
        assert [item.digest for item in gist.volumes] == [item.digest for item in filed.volumes]
        assert list(map(figures, (item.volume for item in gist.volumes))) == list(
            map(figures, (item.volume for item in filed.volumes))
        )


WRITTEN = write_gist(notice(World(), Random(1)))


@given(st.binary(max_size=40), st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_what_is_no_gist_is_none_and_never_a_fault(data: bytes, at: int, byte: int) -> None:
    assert read_gist("north", "n", data) is None
    assert read_gist("north", "n", WRITTEN[:at]) is None
    read_gist("north", "n", WRITTEN[:at] + bytes([byte]) + WRITTEN[at + 1 :])
    assert read_gist("north", "n", bytes((WRITTEN[0], LAYOUT + 1)) + WRITTEN[2:]) is None  # another layout
