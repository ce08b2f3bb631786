"""Addresses that users give: refused by how they are written or by where they lead, before a packet leaves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address

import pytest

from app.integrations.addresses import CODE, Addresses, is_public
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import Http

PUBLIC = "93.184.216.34"
WRITTEN = [
    "",
    " ",
    "https://",
    "https:///x",
    "//hooks.example.com/x",
    "hooks.example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "ftp://hooks.example.com/",
    "ws://hooks.example.com/",
    "http://hooks.example.com/",
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "https://127.0.0.1:{port}/",
    "https://[::1]:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://app.localhost/",
    "https://ip6-localhost/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://[fd00:ec2::254]/",
    "https://[fc00::1]/",
    "https://[::127.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://8.8.8.8/",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.０.０.１/",
    "https://١٢٧.0.0.1/",
    "https://127。0。0。1/",
    "https://ⓛocalhost/",
    "https://hooks.exämple.com/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://instance-data.ec2.internal/",
    "https://metadata.tencentyun.com/",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://printer.local/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://intranet/",
    "https://user@hooks.example.com/",
    "https://user:password@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com:443@127.0.0.1/",
    "https://127.0.0.1#@hooks.example.com/",
    "https://hooks.example.com#x",
    "https://hooks.example.com\\@127.0.0.1/",
    "https:\\\\127.0.0.1/",
    "https://hooks.example.com\t/",
    "https://hooks.example.com/\r\nHost: 127.0.0.1",
    "https://hooks.example.com/ x",
    " https://hooks.example.com/",
    "https://hooks.example.com\x00.internal/",
    "https://%31%32%37.0.0.1/",
    "https://%6cocalhost/",
    "https://hooks.example.com./",
    "https://hooks..example.com/",
    "https://.example.com/",
    "https://-a.example.com/",
    "https://hooks_1.example.com/",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a.the." * 60 + "example.com/",
    "https://hooks.example.com/" + "a" * 2048,
    "https://hooks.example.com:0/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:25/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:+443/",
    "https://hooks.example.com:४४३/",
    "https://hooks.example.com:/",
    "https://hooks.example.com:443:80/",
    "https://[::1/",
    "https://[hooks.example.com]/",
    "https://example.0x7f/",
    "https://example.127/",
]
"""`{port}`: a port on which a canary listens."""
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8",
    "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:a9fe:a9fe::1", "2002:808:808::1", "2620:4f:8000::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1",
    "2a00:1450:4001:81b:0:5efe:7f00:1", "2a00:1450:4001:81b:200:5efe:a9fe:a9fe",
]  # fmt: skip


def leading(*answers: Sequence[str]) -> tuple[Addresses, list[str]]:
    """Addresses whose resolver gives these one after the other, and what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(f"{host}:{port}")
        return answers[min(len(asked), len(answers)) - 1]

    return Addresses(resolver=resolve), asked


@contextlib.asynccontextmanager
async def canaries() -> AsyncIterator[tuple[int, list[str]]]:
    """Listeners on one port of both loopbacks that note whoever connects."""
    seen: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(str(writer.get_extra_info("peername")))
        writer.close()

    four = await asyncio.start_server(note, "127.0.0.1", 0)
    port = four.sockets[0].getsockname()[1]
    six = await asyncio.start_server(note, "::1", port)
    try:
        yield port, seen
        await asyncio.sleep(0.05)
    finally:
        four.close()
        six.close()


async def ask(addresses: Addresses, url: str) -> None:
    http = Http("", addresses=addresses)
    try:
        await http.exchange("POST", url, content=b"{}", timeout=2)
    finally:
        await http.aclose()


async def test_what_is_no_public_https_address_is_refused_and_no_packet_leaves():
    assert len(set(WRITTEN)) == len(WRITTEN) > 60
    addresses, asked = leading(["127.0.0.1", "::1"])
    async with canaries() as (port, seen):
        for url in WRITTEN:
            with pytest.raises(Refused) as refusal:
                await ask(addresses, url.replace("{port}", str(port)))
            assert refusal.value.code == CODE, url
    assert (seen, asked) == ([], [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_that_leads_inside_is_refused_and_no_packet_leaves(address: str):
    assert not is_public(ip_address(address))
    async with canaries() as (port, seen):
        for answer in ([address], [PUBLIC, address], [address, "2606:4700:4700::1111"]):
            addresses, asked = leading(answer)
            with pytest.raises(Refused) as refusal:
                await ask(addresses, f"https://hooks.example.com:{port}/")
            assert refusal.value.code == CODE
            assert asked == [f"hooks.example.com:{port}"]
    assert seen == []


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_what_is_public_is_public(address: str):
    assert is_public(ip_address(address))


async def test_a_name_is_looked_up_once_and_what_was_checked_is_dialled(monkeypatch: pytest.MonkeyPatch):
    """A resolver that answers public first and loopback then has its one chance before the check."""
    dialled: list[tuple[str, int]] = []

    async def connect(_: object, sock: socket.socket, place: tuple[str, int]) -> None:
        dialled.append(place[:2])
        raise OSError("no way out")

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    addresses, asked = leading([PUBLIC], ["127.0.0.1"])
    with pytest.raises(NotExecuted):
        await ask(addresses, "https://hooks.example.com:8443/")
    assert asked == ["hooks.example.com:8443"]
    assert dialled == [(PUBLIC, 8443)]


async def test_a_name_that_is_rebound_is_refused_at_the_next_connection():
    addresses, asked = leading(["127.0.0.1"], [PUBLIC])
    async with canaries() as (port, seen):
        with pytest.raises(Refused):
            await ask(addresses, f"https://hooks.example.com:{port}/")
        with pytest.raises(Refused):
            await ask(leading(["::1"], [PUBLIC])[0], f"https://hooks.example.com:{port}/")
    assert (len(asked), seen) == (1, [])


async def test_the_last_door_holds_whatever_the_look_up_let_through(monkeypatch: pytest.MonkeyPatch):
    async def careless(_: Addresses, host: str, port: int) -> list[object]:
        return [ip_address("127.0.0.1")]

    monkeypatch.setattr(Addresses, "resolve", careless)
    async with canaries() as (port, seen):
        with pytest.raises((Refused, NotExecuted)):
            await ask(Addresses(), f"https://hooks.example.com:{port}/")
    assert seen == []


async def test_a_name_that_does_not_resolve_was_not_sent_to():
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(NotExecuted):
        await ask(Addresses(resolver=nowhere), "https://hooks.example.com/")


async def test_certificate_and_host_are_those_of_the_name(monkeypatch: pytest.MonkeyPatch):
    """The connection is the checked address's; what TLS and HTTP ask for is the name."""
    asked: list[tuple[object, object]] = []

    async def create(loop: asyncio.BaseEventLoop, *args: object, **options: object) -> object:
        asked.append((options.get("server_hostname"), type(options.get("ssl"))))
        options["sock"].close()  # type: ignore[attr-defined]
        raise ssl.SSLError("stop here")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", create)

    async def connect(_: object, sock: socket.socket, place: tuple[str, int]) -> None:
        assert place[0] == PUBLIC

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    with pytest.raises((NotExecuted, OutcomeUnknown)):
        await ask(leading([PUBLIC])[0], "https://hooks.example.com/")
    assert asked == [("hooks.example.com", ssl.SSLContext)]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_tests_may_call_loopback_by_its_number_alone(host: str):
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, host, 0)
    port = server.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    http = Http("", addresses=Addresses(loopback=True))
    try:
        answer = await http.exchange("POST", f"http://{shown}:{port}/hook?a=1", content=b"{}", timeout=2)
        assert (answer.status, answer.content) == (302, b"hi"), "no redirect is followed"
        assert heard[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
        assert f"host: {shown}:{port}".encode() in heard[0].lower()
        for other in (f"http://localhost:{port}/", f"http://127.1:{port}/", f"http://127.0.0.2:{port}/"):
            with pytest.raises(Refused):
                await http.exchange("POST", other, timeout=2)
    finally:
        await http.aclose()
        server.close()
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("HTTPS://Hooks.Example.COM:443/A?b=1&c=%20", "https://hooks.example.com/A?b=1&c=%20"),
        ("https://hooks.example.com?x=1", "https://hooks.example.com/?x=1"),
        ("https://hooks.example.com:8443/in/", "https://hooks.example.com:8443/in/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_good_address_is_kept_in_one_writing(given: str, url: str):
    assert Addresses().parse(given).url == url
