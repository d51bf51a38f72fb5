// Case 19 of tls_cases.md: certificates that are read again.
#include "tests/live/made_certificates.hpp"
#include "tests/live/one_server.hpp"
#include "tests/live/process.hpp"
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

namespace tls_reload_test {

using namespace live;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

// What is wrong with the files; the log says what of the name that is given here.
struct Wrong {
    const char* name;
    const char* said;
    void (*make)(const MadeCertificates& certificates);
};

const Wrong wrongs[] = {
    {"a certificate for another name",
     "has not DNS:Goloman among its alternative names",
     [](const MadeCertificates& made) { made.sign("Goloman", {.names = {{"Hands"}}}); }},
    {"a key that does not fit",
     "key values mismatch",
     [](const MadeCertificates& made) { made.copy("other.key", "Goloman.key"); }},
    {"no certificate",
     "Goloman.crt",
     [](const MadeCertificates& made) { made.remove("Goloman.crt"); }},
    {"a certificate that has expired",
     "certificate has expired",
     [](const MadeCertificates& made) { made.sign("Goloman", {.from_s = -100, .until_s = -50}); }},
    {"a certificate from tomorrow on",
     "certificate is not yet valid",
     [](const MadeCertificates& made) { made.sign("Goloman", {.from_s = 86'400}); }},
    {"another authority's certificate",
     "unable to get local issuer certificate",
     [](const MadeCertificates& made) { made.sign("Goloman", {.stranger = true}); }},
};

}  // namespace

TEST_CASE("tls 19: at SIGHUP newcomers see the new certificate, and nobody is dropped",
          "[live][tls_reload]") {
    SealedServer server;
    const MadeCertificates certificates(server.keys());
    SealedClient early(server.tls_port());
    REQUIRE(early.shake());
    const std::string before = early.serial();
    certificates.sign("Goloman", {});
    SealedClient between(server.tls_port());
    REQUIRE(between.shake());
    CHECK(between.serial() == before);
    server.process().signal(SIGHUP);
    REQUIRE(eventually([&] {
        SealedClient late(server.tls_port(), {.authority = server.authority(), .name = "Goloman"});
        return late.shake() && late.serial() != before;
    }));
    CHECK(early.ask("nonsense") == "? nonsense\n");
    CHECK(between.ask("nonsense") == "? nonsense\n");
    // The log is written by a helper, after the newcomer was served.
    const std::string expires = "event=certificate_expires";
    CHECK(eventually([&] { return count_of(server.log(), expires) >= 2; }));
    CHECK(count_of(server.log(), expires) == 2);
    CHECK_THAT(server.status(), !Contains("reload"));
    // Where it is reached is said at the start, and where with TLS.
    CHECK_THAT(server.process().out(),
               Contains("Goloman: clients on 127.0.0.1:" + std::to_string(server.port()) +
                        ", clients with TLS on 127.0.0.1:" + std::to_string(server.tls_port()) +
                        ", peers on 127.0.0.1:" + std::to_string(server.peer_port())));
}

TEST_CASE("tls 19: what would be worse than what is there is not taken, and said once",
          "[live][tls_reload]") {
    for (const Wrong& wrong : wrongs) {
        INFO(wrong.name);
        SealedServer server;
        const MadeCertificates certificates(server.keys());
        SealedClient early(server.tls_port());
        REQUIRE(early.shake());
        wrong.make(certificates);
        server.process().signal(SIGHUP);
        const std::string kept = "event=certificates_kept";
        REQUIRE(eventually([&] { return count_of(server.log(), kept) > 0; }));
        CHECK(count_of(server.log(), kept) == 1);
        CHECK_THAT(server.log(), Contains(wrong.said));
        SealedClient late(server.tls_port(), {.authority = server.authority(), .name = "Goloman"});
        CHECK(late.shake());
        CHECK(late.serial() == early.serial());
        CHECK(late.ask("nonsense") == "? nonsense\n");
        CHECK_THAT(server.status(), Contains("Goloman: its latest reload was refused"));
    }
}

TEST_CASE("tls 19: a server says at its start that no neighbour will believe its certificate",
          "[live][tls_reload]") {
    const TemporaryFolder folder;
    const std::string keys = folder / "keys";
    const std::string config =
        write_file(folder / "herd.json", config_with(", \"keys\": \"" + keys + "\""));
    REQUIRE(run({herd_binary(), "keys", keys, "--config", config}).code == 0);
    const auto said = [&] {
        Process server({herd_binary(), "serve", "A", "--config", config, "--log-dir", "-"});
        REQUIRE(server.says("A: clients on "));
        server.signal(SIGTERM);
        server.wait();
        return server.err();
    };
    CHECK_THAT(said(), !Contains("no neighbour"));
    const MadeCertificates certificates(keys);
    const std::string doubted = "A: no neighbour will believe it: " + keys + "/A.crt: ";
    certificates.sign("A", {.names = {{"B"}}});
    CHECK_THAT(
        said(),
        Contains(doubted + "has not DNS:A among its alternative names (herd check, herd keys)\n"));
    certificates.sign("A", {.stranger = true});
    CHECK_THAT(said(), Contains(doubted + "unable to get local issuer certificate"));
}

TEST_CASE("tls 19: read again and again under load, no line and no newcomer is lost",
          "[live][tls_reload]") {
    SealedServer server;
    const MadeCertificates certificates(server.keys());
    std::atomic<bool> stop = false;
    std::atomic<int> lost = 0;
    std::atomic<int> talks = 0;
    std::thread newcomers([&] {
        while (!stop) {
            SealedClient client(server.tls_port(),
                                {.authority = server.authority(), .name = "Goloman"});
            if (!client.shake() || client.ask("nonsense") != "? nonsense\n") ++lost;
            ++talks;
        }
    });
    SealedClient standing(server.tls_port());
    const bool shaken = standing.shake();
    for (int i = 0; i < 20; ++i) {
        certificates.sign("Goloman", {});
        server.process().signal(SIGHUP);
        const int before = talks;
        for (int k = 0; k < 50; ++k) {
            if (standing.ask("nonsense") != "? nonsense\n") ++lost;
        }
        eventually([&] { return talks > before; });
    }
    stop = true;
    newcomers.join();
    CHECK(shaken);
    CHECK(lost == 0);
    CHECK(count_of(server.log(), "event=certificates_kept") == 0);
}

}  // namespace tls_reload_test
