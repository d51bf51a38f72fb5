// Case 22 of tls_cases.md: links between servers with keys that are cut.
#include "tests/live/fault_proxy.hpp"
#include "tests/live/herd_process.hpp"
#include "tests/live/sealed_client.hpp"
#include "tests/live/writer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tls_links_test {

using namespace live;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// Alpha - Beta, with keys, and a proxy between them, one for each to dial the other.
class CutPair {
public:
    CutPair()
        : herd_({.names = {"Alpha", "Beta"},
                 .links = {{"Alpha", "Beta"}},
                 .detours = {{{"Alpha", "Beta"}, forth_.port()}, {{"Beta", "Alpha"}, back_.port()}},
                 .linked = false,
                 .sealed = true}) {
        forth_.aim(herd_.peer_port("Beta"));
        back_.aim(herd_.peer_port("Alpha"));
        for (const auto& name : herd_.names()) herd_.await_links(name);
    }
    const Herd& herd() const { return herd_; }
    std::vector<FaultProxy*> proxies() { return {&forth_, &back_}; }
    bool equal() const {
        const Ran asked = run({herd_binary(), "status", "--config", herd_.config()});
        return asked.out.find("2 of 2 servers up, 2 of 2 links live, tables equal") !=
               std::string::npos;
    }
    std::size_t links_made(const std::string& name) const {
        const std::string log = herd_.log(name);
        const std::string_view up = "event=link_up";
        std::size_t count = 0;
        for (auto at = log.find(up); at != std::string::npos; at = log.find(up, at + 1)) ++count;
        return count;
    }

private:
    FaultProxy forth_;
    FaultProxy back_;
    Herd herd_;
};

struct Cut {
    const char* name;
    std::size_t piece;  // bytes that a segment has, so that most cuts are within a record
    void (FaultProxy::*by)();
};

const std::vector<Cut> cuts = {
    {"by a bare FIN", 0, &FaultProxy::end},
    {"by RST", 0, &FaultProxy::reset},
    {"by a bare FIN within a record", 3, &FaultProxy::end},
    {"by RST within a record", 3, &FaultProxy::reset},
};

}  // namespace

TEST_CASE("tls 22: a link that is cut goes on where it was, and nothing is lost",
          "[live][tls_links]") {
    CutPair pair;
    // What is at the beginning of both tables need not be told again.
    Client client(pair.herd().port("Alpha"));
    for (int i = 0; i < 500; ++i) client.ask(iamat("old-" + std::to_string(i), 1));
    REQUIRE(eventually([&] { return pair.equal(); }));
    for (const Cut& cut : cuts) {
        INFO(cut.name);
        const std::size_t before = pair.links_made("Alpha");
        {
            Writer alpha(pair.herd(), "Alpha");
            Writer beta(pair.herd(), "Beta");
            for (FaultProxy* proxy : pair.proxies()) proxy->behave({.piece = cut.piece});
            std::this_thread::sleep_for(150ms);
            for (FaultProxy* proxy : pair.proxies()) (proxy->*cut.by)();
            for (FaultProxy* proxy : pair.proxies()) proxy->behave({});
            REQUIRE(eventually([&] { return pair.links_made("Alpha") > before; }));
            alpha.stop();
            beta.stop();
            CHECK(alpha.errors() + beta.errors() == 0);
        }
        CHECK(eventually([&] { return pair.equal(); }));
        const std::string log = pair.herd().log("Alpha");
        CHECK_THAT(log.substr(log.rfind("event=link_up")), !Contains(" from=0 "));
    }
    // Before that the proxies led nowhere.
    const std::string log = pair.herd().log("Alpha");
    CHECK_THAT(log.substr(log.find("event=link_up")), !Contains("event=handshake_refused"));
}

TEST_CASE("tls: idle clients, and strangers half-way, keep out neither neighbours nor clients",
          "[live][tls_links]") {
    HerdSetup setup;
    setup.names = {"Alpha", "Beta"};
    setup.links = {{"Alpha", "Beta"}};
    setup.limits = "\"tls_connections\": 32, \"handshakes\": 8, \"handshake_ms\": 60000";
    setup.sealed = true;
    setup.clients_tls = true;
    Herd herd(setup);
    std::vector<std::unique_ptr<SealedClient>> idle;
    const auto comes_in = [&] {
        auto client = std::make_unique<SealedClient>(herd.tls_port("Alpha"));
        if (!client->shake() || client->ask("nonsense") != "? nonsense\n") return false;
        idle.push_back(std::move(client));
        return true;
    };
    // Who comes finds room, as those who have been idle for a second go.
    for (int i = 0; i < 40; ++i) CHECK(eventually(comes_in));
    std::vector<std::unique_ptr<SealedClient>> half_way;
    for (int i = 0; i < 20; ++i) {
        half_way.push_back(std::make_unique<SealedClient>(herd.tls_port("Alpha")));
        half_way.back()->put(half_way.back()->flight());
    }
    herd.kill("Beta", SIGKILL);
    herd.start("Beta");
    herd.await_links("Beta");
    const Ran asked = run({herd_binary(), "status", "--config", herd.config()});
    CHECK_THAT(asked.out, Contains("2 of 2 servers up, 2 of 2 links live, tables equal"));
}

}  // namespace tls_links_test
