// Cases 17, 18 and 29 of tls_cases.md: much that is said, clients that do not read, and the end.
#include "tests/live/herd_process.hpp"
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace tls_endings_test {

using namespace live;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string iamat(const std::string& client) {
    return "IAMAT " + client + " +34.068930-118.445127 1520023934\n";
}

// What the other side's kernel has of so many bytes that ours has.
std::size_t arrived(int fd, std::size_t sent) {
    int waiting = 0;
    ::ioctl(fd, SIOCOUTQ, &waiting);
    return sent - static_cast<std::size_t>(waiting);
}

}  // namespace

TEST_CASE("tls 17: of who never reads and closes, all counts that has come",
          "[live][tls_endings]") {
    const SealedServer server;
    auto client = std::make_unique<SealedClient>(server.tls_port());
    REQUIRE(client->shake());
    // One record a line: until nothing more is taken, as the answers are not.
    std::vector<std::size_t> ends;
    std::size_t sent = 0;
    std::string record;
    const auto stuck = [&] {
        const auto before = arrived(client->fd(), sent);
        std::this_thread::sleep_for(100ms);
        return before == arrived(client->fd(), sent);
    };
    while (ends.size() < 60'000) {
        record = client->seal(iamat("client-" + std::to_string(ends.size())));
        const auto count =
            ::send(client->fd(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && stuck()) break;
        if (count < 0) continue;
        sent += static_cast<std::size_t>(count);
        if (static_cast<std::size_t>(count) < record.size()) break;
        ends.push_back(sent);
    }
    eventually(stuck);
    const std::size_t whole = arrived(client->fd(), sent);
    const auto lines =
        static_cast<std::size_t>(std::ranges::upper_bound(ends, whole) - ends.begin());
    REQUIRE(lines > 1000);
    // Answers are there that it has not read: the server is told so by a reset.
    client.reset();
    CHECK(eventually([&] { return server.counter("iamat") >= lines; }));
    Client other(server.port());
    const std::string last = "client-" + std::to_string(lines - 1);
    CHECK_THAT(other.ask("WHATSAT " + last + " 1 0"), StartsWith("AT Goloman "));
}

TEST_CASE("tls 18: at its end a server owes nothing, and says farewell to each client",
          "[live][tls_endings]") {
    HerdSetup setup;
    setup.names = {"Goloman"};
    setup.links = {};
    setup.with_places = true;
    setup.sealed = true;
    setup.clients_tls = true;
    Herd herd(setup);
    herd.inject("delay=500");
    std::vector<std::unique_ptr<SealedClient>> idle;
    for (int i = 0; i < 300; ++i) {
        idle.push_back(std::make_unique<SealedClient>(herd.tls_port("Goloman")));
        REQUIRE(idle.back()->shake());
    }
    SealedClient asker(herd.tls_port("Goloman"));
    REQUIRE(asker.shake());
    REQUIRE_THAT(asker.ask("IAMAT kiwi +34.068930-118.445127 1520023934"), StartsWith("AT "));
    // Read together, so when the first is answered the second is waited for.
    asker.say("nonsense\nWHATSAT kiwi 10 3\n");
    REQUIRE(asker.read_line() == "? nonsense\n");
    herd.server("Goloman").signal(SIGTERM);
    CHECK_THAT(asker.read_all(), Contains("\"status\" : \"OK\"") && StartsWith("AT Goloman "));
    CHECK(asker.ending() == "close notify");
    for (const auto& each : idle) {
        CHECK(each->read_all().empty());
        CHECK(each->ending() == "close notify");
        each->end();
    }
    asker.end();
    CHECK(herd.server("Goloman").wait() == 0);
}

TEST_CASE("tls 29: fifty pipelines whose answers wait for the disk come in order",
          "[live][tls_endings]") {
    const TemporaryFolder folder;
    const SealedServer server({.more = R"(, "journal": {"folder": ")" + std::string(folder.path()) +
                                       R"(", "fsync": "always"})"});
    constexpr int depth = 64;
    std::vector<std::unique_ptr<SealedClient>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<SealedClient>(server.tls_port()));
        REQUIRE(clients.back()->shake());
    }
    for (int turn = 0; turn < 3; ++turn) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            std::string lines;
            for (int k = 0; k < depth; ++k) {
                lines += iamat("of-" + std::to_string(i) + "-" + std::to_string(k));
            }
            clients[i]->say(lines);
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            int right = 0;
            for (int k = 0; k < depth; ++k) {
                const std::string name = " of-" + std::to_string(i) + "-" + std::to_string(k) + " ";
                if (clients[i]->read_line().find(name) != std::string::npos) ++right;
            }
            CHECK(right == depth);
        }
    }
}

TEST_CASE("tls 29: who stops reading has all answers in order when it goes on",
          "[live][tls_endings]") {
    const SealedServer server;
    SealedClient client(server.tls_port());
    REQUIRE(client.shake());
    constexpr int count = 20'000;
    std::string sealed;
    for (int i = 0; i < count; ++i) sealed += client.seal(iamat("kiwi-" + std::to_string(i)));
    // Another one says it: this one would wait for ever for room to say more.
    std::thread sayer([&] { client.put(sealed); });
    SealedClient polite(server.tls_port());
    REQUIRE(polite.shake());
    CHECK(eventually([&] {
        const auto before = server.counter("iamat");
        CHECK(polite.ask("nonsense") == "? nonsense\n");
        return before > 1000 && before == server.counter("iamat");
    }));
    int right = 0;
    for (int i = 0; i < count; ++i) {
        const std::string name = " kiwi-" + std::to_string(i) + " ";
        if (client.read_line().find(name) != std::string::npos) ++right;
    }
    CHECK(right == count);
    sayer.join();
}

}  // namespace tls_endings_test
