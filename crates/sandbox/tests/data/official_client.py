"""The official Python client against the sandbox: OFFICIAL_CLIENT_HOST, OFFICIAL_CLIENT_KEY.

Prints one line for each thing that was checked; an exception is a failure.
"""

import io
import os

import apivideo
from apivideo.api.live_streams_api import LiveStreamsApi
from apivideo.api.player_themes_api import PlayerThemesApi
from apivideo.model.live_stream_creation_payload import LiveStreamCreationPayload
from apivideo.model.live_stream_update_payload import LiveStreamUpdatePayload
from apivideo.model.player_theme_creation_payload import PlayerThemeCreationPayload
from apivideo.model.restreams_request_object import RestreamsRequestObject


def create(streams, name, **fields):
    return streams.create(LiveStreamCreationPayload(name=name, **fields))


def refused(status, call):
    try:
        call()
    except apivideo.ApiException as error:
        assert error.status == status, error
        return str(error.body)
    raise AssertionError(f"expected status {status}")


def check_one_stream(streams, player):
    restream = RestreamsRequestObject(name="other", server_url="rtmp://host/app", stream_key="key")
    made = create(streams, "Town hall", public=False, player_id=player, restreams=[restream])
    assert made.live_stream_id.startswith("li") and made.player_id == player and not made.public
    assert made.restreams[0].server_url == "rtmp://host/app"
    assert "/private/" in made.assets.hls

    found = streams.get(made.live_stream_id)
    assert found.to_dict() == made.to_dict(), (found, made)

    changed = streams.update(made.live_stream_id, LiveStreamUpdatePayload(name="Hall", public=True))
    assert (changed.name, changed.public, changed.player_id) == ("Hall", True, player)
    assert changed.created_at == made.created_at and "/private/" not in changed.assets.hls
    print("created, read and updated a stream")

    streams.complete(made.live_stream_id)
    image = io.BytesIO(b"\xff\xd8\xff\xe0 an image")
    image.name = "thumbnail.jpg"
    assert streams.upload_thumbnail(made.live_stream_id, image).live_stream_id == made.live_stream_id
    streams.delete_thumbnail(made.live_stream_id)
    print("completed a stream, set and removed its thumbnail")

    streams.delete(made.live_stream_id)
    assert "resource-not-found" in refused(404, lambda: streams.get(made.live_stream_id))
    print("deleted a stream")


def check_lists(streams):
    made = [create(streams, f"{'Odd' if i % 2 else 'Even'} {i:02}").live_stream_id for i in range(12)]
    seen, page = [], 1
    while True:
        listed = streams.list(current_page=page, page_size=5, sort_by="createdAt", sort_order="asc")
        seen += [stream.live_stream_id for stream in listed.data]
        if page >= listed.pagination.pages_total:
            break
        page += 1
    assert seen == made and listed.pagination.items_total == 12

    odd = streams.list(name="odd", sort_by="name", sort_order="desc", page_size=100)
    assert [stream.name for stream in odd.data] == [f"Odd {i:02}" for i in (11, 9, 7, 5, 3, 1)]
    key = odd.data[0].stream_key
    assert [stream.stream_key for stream in streams.list(stream_key=key).data] == [key]
    print("listed streams by page, order and filter")


def check_errors(streams):
    assert "name" in refused(400, lambda: create(streams, ""))
    assert "playerId" in refused(400, lambda: create(streams, "n", player_id="ptNobody"))
    assert "pageSize" in refused(400, lambda: streams.list(page_size=101))
    print("bad input was refused")


def main():
    key = os.environ["OFFICIAL_CLIENT_KEY"]
    client = apivideo.AuthenticatedApiClient(key, production=False)
    client.configuration.host = os.environ["OFFICIAL_CLIENT_HOST"]
    client.connect()
    client.refresh_token()
    streams, players = LiveStreamsApi(client), PlayerThemesApi(client)
    player = players.create(PlayerThemeCreationPayload(name="blue")).player_id
    assert players.get(player).enable_controls
    check_one_stream(streams, player)
    check_lists(streams)
    check_errors(streams)

    wrong = apivideo.AuthenticatedApiClient("wrong", production=False)
    wrong.configuration.host = os.environ["OFFICIAL_CLIENT_HOST"]
    refused(400, wrong.connect)
    print("a wrong key was refused")


main()
