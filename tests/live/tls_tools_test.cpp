// Cases 1 to 5, 9 and 12 of tls_cases.md: the programs that people have, where they are installed.
#include "tests/live/ports.hpp"
#include "tests/live/sealed_server.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tls_tools_test {

using namespace live;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr auto iamat = "IAMAT kiwi +34.0-118.4 1520023934";
constexpr auto both = "IAMAT kiwi +34.0-118.4 1520023934\nWHATSAT kiwi 1 0\n";

bool has(const std::string& program, const std::string& package) {
    if (run({"sh", "-c", "command -v " + program}).code == 0) return true;
    skip("there is no " + program + " (Debian: " + package + ")");
    return false;
}

std::string at(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

// The AT line, and the same again as it stands before a WHATSAT's results.
void check_both(const Ran& ran) {
    INFO(ran.err);
    REQUIRE_THAT(ran.out, StartsWith("AT Goloman "));
    const std::string line = ran.out.substr(0, ran.out.find('\n') + 1);
    CHECK_THAT(line, Contains(" kiwi +34.0-118.4 1520023934\n"));
    CHECK_THAT(ran.out.substr(line.size()), StartsWith(line));
    CHECK(ran.out.ends_with("\n\n"));
}

std::string s_client(const SealedServer& server) {
    return "openssl s_client -verify_return_error -verify_hostname Goloman -CAfile " +
           server.authority() + " -connect " + at(server.tls_port());
}

// `openssl s_client`, who ends its input when it has an answer, and closes then.
Ran report(const SealedServer& server, const std::string& options) {
    const std::string heard = server.file("heard");
    std::filesystem::remove(heard);
    return run({"sh",
                "-c",
                "(cat; until grep -qs '^AT ' " + heard + "; do sleep 0.05; done) | " +
                    s_client(server) + " " + options + " -no_ign_eof -nocommands > " + heard +
                    "; code=$?; cat " + heard + "; exit $code"},
               {.input = std::string(iamat) + "\n"});
}

}  // namespace

TEST_CASE("tls 1: openssl s_client reports, and is answered", "[live][tls_openssl]") {
    if (!has("openssl", "openssl")) return;
    const SealedServer server;
    const Ran ran = report(server, "-quiet");
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, StartsWith("AT Goloman "));
    CHECK_THAT(ran.out, Contains(" kiwi +34.0-118.4 1520023934\n"));
}

TEST_CASE("tls 2: socat ends its input, and has both answers", "[live][tls_socat]") {
    if (!has("socat", "socat")) return;
    const SealedServer server;
    // It would take five seconds if the server did not end.
    check_both(run({"socat",
                    "-t5",
                    "-",
                    "OPENSSL:" + at(server.tls_port()) + ",cafile=" + server.authority() +
                        ",commonname=Goloman"},
                   {.input = both}));
}

TEST_CASE("tls 3: ncat ends with a bare FIN, and has both answers", "[live][tls_ncat]") {
    if (!has("ncat", "ncat")) return;
    const SealedServer server;
    check_both(run({"ncat",
                    "--ssl-verify",
                    "--ssl-trustfile",
                    server.authority(),
                    "--ssl-servername",
                    "Goloman",
                    "127.0.0.1",
                    std::to_string(server.tls_port())},
                   {.input = both}));
}

TEST_CASE("tls 4: gnutls-cli ends its input, and has both answers", "[live][tls_gnutls]") {
    if (!has("gnutls-cli", "gnutls-bin")) return;
    const SealedServer server;
    check_both(run({"gnutls-cli",
                    "--logfile=/dev/null",
                    "--x509cafile",
                    server.authority(),
                    "-p",
                    std::to_string(server.tls_port()),
                    "localhost"},
                   {.input = both}));
}

TEST_CASE("tls 5: by stunnel, who speaks plainly and ends has both answers",
          "[live][tls_stunnel]") {
    if (!has("stunnel", "stunnel4")) return;
    const SealedServer server;
    const std::uint16_t port = take_ports(1)[0];
    const auto conf = write_file(
        server.file("stunnel.conf"),
        "foreground = yes\npid =\n[herd]\nclient = yes\naccept = " + at(port) +
            "\nconnect = " + at(server.tls_port()) +
            "\nverifyChain = yes\nCAfile = " + server.authority() + "\ncheckHost = Goloman\n");
    Process stunnel({"stunnel", conf});
    const bool up = eventually([&] { return accepts(port) || stunnel.ended(); });
    INFO(stunnel.err());
    REQUIRE(up);
    REQUIRE_FALSE(stunnel.ended());
    Client client(port);
    client.send(both);
    client.end();
    check_both({0, client.read_all(), stunnel.err()});
}

TEST_CASE("tls 9: curl sees what a server makes of it", "[live][tls_curl]") {
    if (!has("curl", "curl")) return;
    const SealedServer server;
    const std::string port = std::to_string(server.tls_port());
    const auto curl = [&](const std::string& url) {
        return run({"curl", "-sS", "--http0.9", "-m", "1", "--cacert", server.authority(), url});
    };
    constexpr int timed_out = 28;
    const Ran http = curl("https://localhost:" + port + "/");
    INFO(http.err);
    CHECK_THAT(http.out, StartsWith("? GET / HTTP/1.1"));
    CHECK(http.code == timed_out);
    const Ran gopher =
        curl("gophers://localhost:" + port + "/1IAMAT%20kiwi%20%2B34.0-118.4%201520023934");
    INFO(gopher.err);
    CHECK_THAT(gopher.out, StartsWith("AT Goloman "));
}

TEST_CASE("tls 12: TLS 1.2 is refused, and what else a client may wish for hurts nobody",
          "[live][tls_openssl]") {
    if (!has("openssl", "openssl")) return;
    const SealedServer server;
    const Ran old = run({"sh", "-c", s_client(server) + " -tls1_2"});
    CHECK(old.code != 0);
    CHECK_THAT(old.err, Contains("alert protocol version"));
    CHECK(server.counter("handshakes_refused") == 1);
    for (const std::string options : {"-groups P-384:X25519",
                                      "-groups P-256",
                                      "-alpn h2",
                                      "-servername other",
                                      "-ciphersuites TLS_CHACHA20_POLY1305_SHA256"}) {
        INFO(options);
        const Ran ran = report(server, "-quiet " + options);
        INFO(ran.err);
        CHECK(ran.code == 0);
        CHECK_THAT(ran.out, StartsWith("AT Goloman "));
    }
    // P-384 is not taken: the server asks for another key, and gets it.
    CHECK_THAT(report(server, "-groups P-384:X25519").out, Contains("Server Temp Key: X25519"));
}

TEST_CASE("tls 16: openssl s_client asks for new keys between reports, and is answered",
          "[live][tls_openssl]") {
    if (!has("openssl", "openssl")) return;
    const SealedServer server;
    // A line that begins with K is a command of its own, where it comes alone.
    const std::string talk =
        "for i in 1 2 3 4 5 6 7 8 9 10; do"
        "  echo IAMAT kiwi-$i +34.0-118.4 1520023934;"
        "  until [ \"$(grep -cs '^AT ' heard)\" = $i ]; do sleep 0.02; done;"
        "  echo K;"
        "  until [ \"$(grep -cs KEYUPDATE told)\" = $i ]; do sleep 0.02; done;"
        "done; echo IAMAT last +34.0-118.4 1520023934;"
        "until grep -qs ' last ' heard; do sleep 0.02; done";
    const Ran ran =
        run({"sh",
             "-c",
             "(" + talk + ") | " + s_client(server) + " -quiet -no_ign_eof > heard 2> told"},
            {.folder = server.file("")});
    CHECK(ran.code == 0);
    CHECK_THAT(read_file(server.file("heard")), Contains(" last +34.0-118.4 1520023934\n"));
    CHECK(server.counter("iamat") == 11);
    CHECK(server.counter("seals_broken") == 0);
}

TEST_CASE("tls: who has seen a server before gets no ticket, and shakes hands in full",
          "[live][tls_openssl]") {
    if (!has("openssl", "openssl")) return;
    const SealedServer server;
    const std::string session = server.file("session");
    const Ran ran = report(server, "-sess_out " + session);
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, Contains("\nAT Goloman "));
    CHECK_FALSE(std::filesystem::exists(session));
}

}  // namespace tls_tools_test
