# Signpost. Apache-2.0; see LICENSE.
"""A wrong command line, variable or config file never starts anything and is explained in one sentence.

Claims, for every row: exit 2, one line on standard error that names the option, or the file, the line and the key; nothing on
standard output; no secret in it; `--check` says the same.
"""
import json

import pytest

from support.lb import run_command

# (arguments, words that the sentence must have)
LINES = [
    (["--completely-unknown"], ["--completely-unknown", "--help"]),
    (["--http-listn", "127.0.0.1:80"], ["--http-listn", "--http-listen"]),
    (["stray"], ["stray"]),
    (["--http-listen", "here"], ["--http-listen", "here"]),
    (["--http-listen", "127.0.0.1:99999"], ["--http-listen", "99999"]),
    (["--http-listen", "127.0.0.1:81", "--http-listen", "127.0.0.1:81"], ["--http-listen", "127.0.0.1:81", "twice"]),
    (["--http-listen", "127.0.0.1:81", "--http-listen-proxy", "127.0.0.1:81"], ["--http-listen-proxy", "127.0.0.1:81"]),
    (["--tcp-bind", "127.0.0.1:80"], ["--tcp-bind", "without a port"]),
    (["--tcp-bind", "nowhere"], ["--tcp-bind", "nowhere"]),
    (["--deny-port", "0"], ["--deny-port", "65535"]),
    (["--deny-port", "http"], ["--deny-port", "http"]),
    (["--linger", "60"], ["--linger", "unit", "60s"]),
    (["--linger", "-1s"], ["--linger"]),
    (["--http", "here"], ["--http", "here"]),
    (["--public-domain", "a..b"], ["--public-domain", "a..b"]),
    (["--public-domain", "two words"], ["--public-domain", "two words"]),
    (["--short-names=perhaps"], ["--short-names", "perhaps"]),
    (["--default", "max_fails"], ["--default"]),
    (["--default", "max_fials=1"], ["--default", "max_fials", "max_fails"]),
    (["--default", "max_fails=many"], ["--default", "max_fails", "many"]),
    (["--default", "fail_timeout=0s"], ["--default", "fail_timeout"]),
    (["--default", "algorithm=best"], ["--default", "algorithm", "least_conn"]),
    (["--default", "check=ftp"], ["--default", "check", "ftp"]),
    (["--default", "retry_on=http_418"], ["--default", "retry_on", "http_418"]),
    (["--default", "split=v1:x"], ["--default", "split"]),
    (["--services", "{}"], ["--services", "config file"]),
    (["--consul", "ftp://x"], ["--consul", "ftp://x"]),
    (["--consul-token", "s3cret"], ["--consul-token", "CONSUL_HTTP_TOKEN"]),
    (["--consul", "127.0.0.1:1", "--consul-token-file", "/nonexistent/token"], ["/nonexistent/token"]),
    (["--dns", "somewhere"], ["--dns", "somewhere"]),
    (["--dns", "127.0.0.1:8600", "--dns-name", "web"], ["--dns-name", "web"]),
    (["--dns-edns-size", "1"], ["--dns-edns-size"]),
    (["--dns-min-interval", "2m", "--dns-max-interval", "1m"], ["--dns-m", "interval"]),
    (["--trusted-proxy", "10.0.0.0/33"], ["--trusted-proxy", "10.0.0.0/33"]),
    (["--trusted-proxy", "everybody"], ["--trusted-proxy", "everybody"]),
    (["--via", "two words"], ["--via", "two words"]),
    (["--header-timeout", "soon"], ["--header-timeout", "soon"]),
    (["--header-timeout", "0s"], ["--header-timeout"]),
    (["--idle-timeout", "1000h"], ["--idle-timeout"]),
    (["--max-head", "12"], ["--max-head", "1024"]),
    (["--max-head", "2048", "--max-target", "4096"], ["--max-target", "--max-head"]),
    (["--max-fields", "1e3"], ["--max-fields"]),
    (["--body-rate", "-1"], ["--body-rate"]),
    (["--replay", "99999999999999999999"], ["--replay"]),
    (["--access-log-format", "xml"], ["--access-log-format", "json", "combined"]),
    (["--threads", "257"], ["--threads", "256"]),
    (["--threads", "two"], ["--threads", "two"]),
    (["--max-snapshot-age", "yesterday"], ["--max-snapshot-age", "yesterday"]),
    (["--takeover", "relative/path"], ["--takeover", "absolute", "relative/path"]),
    (["--takeover", "/" + "x" * 200], ["--takeover", "107"]),
    (["--admin-token", "s3cret"], ["--admin-token", "SIGNPOST_LB_ADMIN_TOKEN"]),
    (["--admin-token-file", "/nonexistent/token"], ["--admin-token-file", "/nonexistent/token"]),
    (["--admin-token-file", "/dev/null"], ["--admin-token-file", "token"]),
    (["--log-level", "loud"], ["--log-level", "loud", "debug"]),
    (["--threads"], ["--threads", "value"]),
    (["--config", "/nonexistent/lb.json"], ["/nonexistent/lb.json"]),
    (["--config", "/"], ["/"]),
]


def assert_refused(done, words):
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and len(lines[0]) < 500, done.stderr[:2000]
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("arguments, words", LINES, ids=[" ".join(arguments)[:50] for arguments, _ in LINES])
def test_command_line(arguments, words):
    assert_refused(run_command("--data-dir", "", *arguments), words)
    assert_refused(run_command("--check", *arguments), words)


VARIABLES = {"CONSUL_HTTP_ADDR": "ftp://x", "CONSUL_HTTP_TOKEN": "s3cret token", "CONSUL_CACERT": "/nonexistent/ca",
             "SIGNPOST_LB_ADMIN_TOKEN": "s3cret token"}


@pytest.mark.parametrize("variable", VARIABLES)
def test_environment(variable):
    more = {"CONSUL_HTTP_ADDR": "https://127.0.0.1:1"} if variable != "CONSUL_HTTP_ADDR" else {}
    assert_refused(run_command("--check", env={**more, variable: VARIABLES[variable]}), [variable])


WEB = {"endpoints": ["192.0.2.1:80"]}

# (options, words)
FILES = [
    ({"treads": 2}, ["treads", "threads"]),
    ({"threads": "two"}, ["threads", "two"]),
    ({"threads": [2]}, ["threads"]),
    ({"pre-stop": 5}, ["pre-stop"]),
    ({"http-listen": [80]}, ["http-listen"]),
    ({"default": {"max_fails": "x"}}, ["default", "max_fails"]),
    ({"services": []}, ["services"]),
    ({"services": {"web": []}}, ["services.web"]),
    ({"services": {"web": {**WEB, "max_fials": 1}}}, ["services.web", "max_fials", "max_fails"]),
    ({"services": {"web": {**WEB, "max_fails": [1]}}}, ["services.web.max_fails"]),
    ({"services": {"web": {**WEB, "fail_timeout": 10}}}, ["services.web", "fail_timeout", "10s"]),
    ({"services": {"web": {**WEB, "dns": "web.service.consul"}}}, ["services.web", "endpoints", "dns"]),
    ({"services": {"web": {"dns": 7}}}, ["services.web.dns"]),
    ({"services": {"web": {"endpoints": "192.0.2.1:80"}}}, ["services.web.endpoints", "list"]),
    ({"services": {"web": {"endpoints": [7]}}}, ["services.web.endpoints[0]"]),
    ({"services": {"web": {"endpoints": ["192.0.2.1"]}}}, ["services.web.endpoints[0]", "192.0.2.1"]),
    ({"services": {"web": {"endpoints": ["example.com:80"]}}}, ["services.web.endpoints[0]", "example.com:80"]),
    ({"services": {"web": {"endpoints": ["0.0.0.0:80"]}}}, ["services.web.endpoints[0]", "0.0.0.0:80"]),
    ({"services": {"web": {"endpoints": [{"weight": 1}]}}}, ["services.web.endpoints[0]", "address"]),
    ({"services": {"web": {"endpoints": [{"weight": 65536, "address": "192.0.2.1:80"}]}}},
     ["services.web.endpoints[0].weight", "65535"]),
    ({"services": {"web": {"endpoints": [{"wieght": 1, "address": "192.0.2.1:80"}]}}}, ["services.web.endpoints[0]", "wieght"]),
    ({"services": {"web": {"port": 80}}}, ["services.web.port"]),
    ({"routes": {}}, ["routes", "list"]),
    ({"routes": [7]}, ["routes[0]"]),
    ({"routes": [{"host": "web.test"}]}, ["routes[0]", "service"]),
    ({"routes": [{"host": "web.test:80", "service": "web"}]}, ["routes[0].host", "web.test:80"]),
    ({"routes": [{"host": "web.test", "path": "api", "service": "web"}]}, ["routes[0].path", "slash"]),
    ({"routes": [{"host": "web.test", "sevice": "web"}]}, ["routes[0]", "sevice"]),
    ({"routes": [{"host": "web.test", "redirect": 200, "to": "http://x"}]}, ["routes[0].redirect", "301"]),
    ({"routes": [{"host": "web.test", "redirect": 301}]}, ["routes[0].to"]),
    ({"routes": [{"host": "web.test", "redirect": 301, "to": "http://x", "service": "web"}]}, ["routes[0]", "redirect"]),
    ({"routes": [{"tcp": 0, "service": "web"}]}, ["routes[0].tcp", "65535"]),
    ({"routes": [{"tcp": "somewhere", "service": "web"}]}, ["routes[0].tcp", "somewhere"]),
    ({"routes": [{"tcp": 9}]}, ["routes[0]", "service"]),
    ({"routes": [{"sni": "a.test", "service": "web"}]}, ["routes[0]", "tcp"]),
    ({"routes": [{"tcp": 9, "service": "a"}, {"tcp": 9, "service": "b"}]}, ["routes", "port 9"]),
]


@pytest.mark.parametrize("options, words", FILES, ids=[json.dumps(options)[:70] for options, _ in FILES])
def test_file(tmp_path, options, words):
    path = tmp_path / "lb.json"
    path.write_text(json.dumps(options, indent=1))
    assert_refused(run_command("--check", "--config", path), [str(path), *words])


TEXTS = {
    "empty": ("", []),
    "no object": ("[]", []),
    "cut off": ('{"threads": 2', []),
    "no comma": ('{\n "threads": 2\n "via": "x"\n}', ["line 3"]),
    "twice": ('{\n "threads": 2,\n "threads": 3\n}', ["threads"]),
    "two spellings": ('{\n "pre-stop": "2s",\n "pre_stop": "3s"\n}', ["pre"]),
    "the line of an option": ('{\n "via": "x",\n\n "threads": "two"\n}', ["line 4", "threads"]),
    "a service twice": ('{"services": {"web": {"endpoints": []}, "web": {"endpoints": []}}}', ["services.web", "twice"]),
    "binary": ("\x00\x01\x02", []),
    "deep": ('{"services": ' + "[" * 5000 + "]" * 5000 + "}", []),
}


@pytest.mark.parametrize("text, words", TEXTS.values(), ids=TEXTS)
def test_text_of_a_file(tmp_path, text, words):
    path = tmp_path / "lb.json"
    path.write_text(text)
    assert_refused(run_command("--check", "--config", path), [str(path), *words])


def test_what_is_good(tmp_path):
    path = tmp_path / "lb.json"
    path.write_text('{\n // comments and a trailing comma\n "threads": 2, "http_listen": ["127.0.0.1:81"],\n'
                    ' "services": {"web": {"endpoints": ["192.0.2.1:80"], "max-fails": 3, "fail_timeout": "5s",}},\n'
                    ' "routes": [{"host": "*.web.test", "service": "web"}],\n}')
    done = run_command("--check", "--config", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    version = run_command("--version")
    assert version.returncode == 0 and version.stdout.startswith("lb ") and version.stderr == ""
    assert "--http-listen" in run_command("--help").stdout
