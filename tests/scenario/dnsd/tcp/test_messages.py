# Signpost. Apache-2.0; see LICENSE.
"""Messages over TCP.

- W209: the length and the message leave in one segment.
- W210: a question may come byte by byte.
- W211: fifty questions in one segment get fifty answers.
- W213-214: a length below 12 closes the connection without an answer.
- W215: a message that is a response is not answered.
- W217: after a half close the answers still come, then the end.
- W220: an answer larger than the client's window arrives whole.
- W230: a set larger than 65,535 bytes gives one well-formed message.
- W231: Fast Open is optional and not used.
- W232: after FORMERR the connection goes on.
- W233: what stood before a broken message is answered, then the connection ends.
"""
import socket
import struct

import pytest

from support.ask import NoReply, Reply, build
from tcp_client import Client, framed, question


def test_length_and_message_in_one_segment(dnsd):
    with Client(dnsd.dns) as client:
        client.ask()
        assert client.data_segments() == 1
        client.ask()
        assert client.data_segments() == 2


def test_byte_by_byte(dnsd):
    with Client(dnsd.dns) as client:
        for byte in question():
            client.send(bytes([byte]))
        assert len(client.reply().answer) == 3


def test_fifty_at_once(dnsd):
    with Client(dnsd.dns) as client:
        client.send(b"".join(question(id=number) for number in range(50)))
        replies = [client.reply() for _ in range(50)]
    assert sorted(reply.id for reply in replies) == [*range(50)]
    assert {len(reply.answer) for reply in replies} == {3}


def test_pipelined_questions_keep_their_own_answers(dnsd):
    kinds = ["A", "SRV", "TXT", "AAAA"] * 10
    with Client(dnsd.dns) as client:
        client.send(b"".join(question(kind=kind, id=number) for number, kind in enumerate(kinds)))
        for reply in [client.reply() for _ in kinds]:
            assert reply.question[0][1] == kinds[reply.id]
            assert {record.type for record in reply.answer} <= {kinds[reply.id]}


@pytest.mark.parametrize("length", [0, *range(1, 12)])
def test_a_length_below_a_header_closes(dnsd, length):
    before = dnsd.metric("signpost_tcp_closed_total", reason="framing")
    with Client(dnsd.dns) as client:
        client.send(struct.pack("!H", length) + b"\0" * length)
        assert client.end() == b""
    assert dnsd.metric("signpost_tcp_closed_total", reason="framing") == before + 1


@pytest.mark.parametrize("body", [struct.pack("!6H", 7, 0x8000, 0, 0, 0, 0), build("web.service.consul", id=7, qr=1)])
def test_a_response_gets_no_answer(dnsd, body):
    with Client(dnsd.dns) as client:
        client.send(framed(body))
        try:
            assert client.ask(id=9).id == 9
        except (ConnectionError, NoReply):
            pass  # closed, which is as good


def test_half_close(dnsd):
    with Client(dnsd.dns) as client:
        client.send(question(id=1) + question(id=2))
        client.socket.shutdown(socket.SHUT_WR)
        assert {client.reply().id, client.reply().id} == {1, 2}
        assert client.end() == b""


def test_a_large_answer_through_a_small_window(dnsd):
    with Client(dnsd.dns, receive_buffer=4096) as client:
        client.send(question("wide.service.consul", "SRV", id=1) + question("wide.service.consul", "SRV", id=2))
        for _ in range(2):
            reply = client.reply()
            assert len(reply.answer) == 600 and "TC" not in reply.flags


def test_more_than_a_message_can_hold(dnsd):
    with Client(dnsd.dns) as client:
        reply = client.ask("crowd.service.consul", "SRV")
        assert reply.size <= 65535
        assert reply.rcode == "SERVFAIL" or reply.rcode == "NOERROR" and ("TC" in reply.flags or reply.answer)
        assert client.served()


def test_a_formerr_does_not_end_the_connection(dnsd):
    two_questions = build("web.service.consul", "A", questions=2)
    with Client(dnsd.dns) as client:
        client.send(framed(two_questions))
        assert client.reply().rcode == "FORMERR"
        assert client.served()


def test_a_good_message_before_a_broken_one(dnsd):
    with Client(dnsd.dns) as client:
        client.send(question(id=3) + b"\0\3abc")
        rest = client.end()
    assert Reply(rest[2:]).id == 3
