// Cases 10, 11, 24, 27 and 28 of tls_cases.md: from the connection to the end of the handshake.
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

namespace tls_handshake_test {

using namespace live;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

namespace {

bool answers(SealedClient& client) {
    return client.ask("nonsense") == "? nonsense\n";
}

bool serves(const SealedServer& server) {
    SealedClient client(server.tls_port());
    return client.shake() && answers(client);
}

// Whether the other side has ended it.
bool ended(int fd) {
    char byte = 0;
    const auto got = ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

// Whether it has said something that is not read yet.
bool has_more(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
}

}  // namespace

TEST_CASE("tls 10: a ClientHello may come byte for byte", "[live][tls_handshake]") {
    const SealedServer server;
    SealedClient client(server.tls_port());
    for (const char byte : client.flight()) {
        client.put({&byte, 1});
        std::this_thread::sleep_for(1ms);
    }
    REQUIRE(client.shake());
    CHECK(answers(client));
    CHECK(server.counter("handshakes") == 2);  // And that of who asked.
}

TEST_CASE("tls 10: one that takes longer than the whole handshake may is not waited for",
          "[live][tls_handshake]") {
    const SealedServer server({.limits = "\"handshake_ms\": 200"});
    SealedClient client(server.tls_port());
    const std::string all = client.flight();
    std::size_t said = 0;
    for (; said < all.size() && !ended(client.fd()); ++said) {
        client.put({&all[said], 1});
        std::this_thread::sleep_for(20ms);
    }
    CHECK(said < all.size());
    CHECK(server.counter("handshakes_late") == 1);
    CHECK(serves(server));
}

TEST_CASE("tls 10: thousands of halves of one cost no memory, and keep nobody out",
          "[live][tls_handshake]") {
    constexpr std::size_t count = 1500;  // with slots for 1,024
    constexpr std::uint64_t block = 4;   // KiB
    const SealedServer server({.limits = "\"tls_connections\": 256"});
    REQUIRE(serves(server));
    const std::uint64_t before = server.resident();
    std::string half = SealedClient(server.tls_port()).flight();
    half.resize(half.size() / 2);
    std::vector<std::unique_ptr<Client>> strangers;
    for (std::size_t i = 0; i < count; ++i) {
        strangers.push_back(std::make_unique<Client>(server.tls_port()));
        strangers.back()->send(half);
        if (i % 100 == 0) CHECK(serves(server));
    }
    CHECK(serves(server));
    CHECK(server.resident() < before + count * block);
    CHECK(server.counter("handshakes_displaced") > 0);
}

TEST_CASE("tls 11: who speaks plainly on the TLS port is told, and TLS elsewhere is no command",
          "[live][tls_handshake]") {
    const SealedServer server;
    Client plain(server.tls_port());
    CHECK(plain.ask("IAMAT kiwi +34.0-118.4 1520023934") == "? TLS is spoken here\n");
    CHECK(plain.read_all().empty());
    CHECK(server.counter("handshakes_plain") == 1);

    SealedClient sealed(server.port());
    Client elsewhere(server.port());
    elsewhere.send(sealed.flight());
    elsewhere.end();
    CHECK_THAT(elsewhere.read_all(), StartsWith("? "));
    CHECK(serves(server));
}

TEST_CASE("tls 24: ClientHellos by the hundred, and nothing more, keep no client waiting",
          "[live][tls_handshake]") {
    const SealedServer server({.limits = "\"handshakes\": 4, \"handshake_ms\": 60000"});
    SealedClient polite(server.tls_port());
    REQUIRE(polite.shake());
    const std::string flood = SealedClient(server.tls_port()).flight();
    std::vector<std::unique_ptr<Client>> strangers;
    for (int i = 0; i < 300; ++i) {
        strangers.push_back(std::make_unique<Client>(server.tls_port()));
        strangers.back()->send(flood);
        if (i % 10 == 0) CHECK(answers(polite));
    }
    // Until those are given up no more are answered: one place is for neighbours.
    const auto answered = [&] {
        return std::ranges::count_if(strangers,
                                     [](const auto& each) { return has_more(each->fd()); });
    };
    CHECK(eventually([&] { return answered() >= 3; }));
    CHECK(answered() == 3);
    CHECK(answers(polite));
    strangers.clear();
    CHECK(serves(server));
    CHECK(server.counter("handshakes_refused") + server.counter("handshakes_late") >= 300);
}

TEST_CASE("tls 27: handshakes that are refused leave nothing behind", "[live][tls_handshake]") {
    const SealedServer server;
    const SealedServer stranger;
    const auto refuse = [&](int count) {
        for (int i = 0; i < count; ++i) {
            SealedClient client(server.tls_port(), {.authority = stranger.authority()});
            client.put(client.shake_but_last());
            client.put(client.flight());
        }
    };
    refuse(100);
    [[maybe_unused]] const std::uint64_t before = server.resident();
    refuse(300);
    CHECK(eventually([&] { return server.counter("handshakes_refused") == 400; }));
#if !defined(__SANITIZE_ADDRESS__)            // which keeps for a while what was given back
    CHECK(server.resident() < before + 300);  // KiB: not one for each.
#endif
    CHECK(serves(server));
}

TEST_CASE("tls 28: OpenSSL's configuration in the environment changes nothing",
          "[live][tls_handshake]") {
    const TemporaryFolder folder;
    const std::string conf = write_file(folder / "openssl.cnf",
                                        "openssl_conf = all\n[all]\nssl_conf = ssl\n"
                                        "[ssl]\nsystem_default = usual\n"
                                        "[usual]\nMinProtocol = TLSv1.2\nMaxProtocol = TLSv1.2\n"
                                        "Ciphersuites = TLS_CHACHA20_POLY1305_SHA256\n");
    const SealedServer server({.environment = {"OPENSSL_CONF=" + conf}});
    // 1.3, and a suite that is not there.
    CHECK(serves(server));
    SealedClient old(server.tls_port(), {.old = true});
    CHECK_FALSE(old.shake());
    CHECK(server.counter("handshakes_refused") == 1);
}

}  // namespace tls_handshake_test
