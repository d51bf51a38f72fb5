// Case 22 of tls_cases.md: links between servers with keys that are cut.
#include "tests/live/fault_proxy.hpp"
#include "tests/live/herd_process.hpp"
#include "tests/live/writer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
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

}  // namespace tls_links_test
