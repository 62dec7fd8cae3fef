"""The status page of a server that wants a token, in a browser where there is one."""

import re
import shutil
import subprocess
from http.client import HTTPConnection

import pytest

TOKEN = "correct horse"


@pytest.fixture(scope="module")
def port(untrained_run, started_server, tmp_path_factory):
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(TOKEN)
    with started_server(untrained_run, "--token-file", str(file)) as (_, said):
        yield said["http_port"]


def ask(port, path, headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.getheader("content-type"), reply.read().decode()
    finally:
        connection.close()


def test_the_page_comes_without_the_token_and_asks_with_it(port):
    status, kind, page = ask(port, "/", {})
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert TOKEN not in page
    # What the page does: the token as the browser sends it, and where it comes from.
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    assert ask(port, "/status", headers)[0] == 401
    assert ask(port, "/status", {**headers, "authorization": f"Bearer {TOKEN}"})[0] == 200


@pytest.mark.parametrize(
    ("fragment", "state", "form"), [("#correct%20horse", "ready", False), ("", "no answer", True)]
)
def test_a_browser_shows_the_figures_with_the_token(port, tmp_path, fragment, state, form):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("Chromium is not installed")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000"]
    place = f"http://127.0.0.1:{port}/{fragment}"
    command = [browser, *options, f"--user-data-dir={tmp_path}", "--dump-dom", place]
    page = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.search(r'<span id="state"[^>]*>([^<:]*)', page).group(1) == state
    assert (re.search(r'<form id="key"[^>]*>', page).group(0).find("hidden") < 0) == form
    assert (">–<" in page) == (not form)  # nothing has been labelled yet
