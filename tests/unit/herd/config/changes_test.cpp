#include "herd/config/changes.hpp"

#include "herd/config/file.hpp"
#include "herd/config/settings.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::config {
namespace {

const Server& first(const Config& config) {
    return config.servers.front();
}

std::vector<Change> between(const Config& from, const Config& to) {
    return changes(state(from, first(from)), state(to, first(to)));
}

TEST_CASE("changes: what is the same has none, and what is live comes behind what is not",
          "[herd][config]") {
    const Config from = Config::built_in();
    CHECK(between(from, from).empty());
    Config to = from;
    to.limits.idle_ms = 5'000;
    to.limits.connections = 9;
    to.spin = true;
    const auto found = between(from, to);
    REQUIRE(found.size() == 3);
    CHECK(text_of(found[0]) == "limits.connections: 10000 -> 9");
    CHECK(found[0].taken == Taken::at_start);
    CHECK(text_of(found[1]) == "spin: false -> true");
    CHECK(text_of(found[2]) == "limits.idle_ms: 900000 -> 5000");
    CHECK(found[2].taken == Taken::live);
}

TEST_CASE("changes: a server is told of its own part, of its neighbours' and, by a hash, of others",
          "[herd][config]") {
    const Config from = Config::built_in();
    Config to = from;
    to.servers[0].http = std::nullopt;
    to.servers[1].peers.port = 7;
    to.servers[1].clients.port = 8;
    const auto found = between(from, to);
    REQUIRE(found.size() == 3);
    CHECK(text_of(found[0]) == "servers (others): not as it runs");
    CHECK(text_of(found[1]) == "servers[Goloman].http: 127.0.0.1:12201 -> nothing");
    CHECK(text_of(found[2]) == "servers[Hands].peers: 127.0.0.1:12102 -> 127.0.0.1:7");

    to = from;
    std::erase(to.servers[0].neighbours, "Hands");
    std::erase(to.servers[1].neighbours, "Goloman");
    const auto unlinked = between(from, to);
    REQUIRE(unlinked.size() >= 2);
    CHECK(text_of(unlinked[0]) == "links[Goloman, Hands]: linked -> nothing");

    // The order of servers and links is nobody's business.
    to = from;
    std::swap(to.servers[1], to.servers[4]);
    std::swap(to.servers[0].neighbours[0], to.servers[0].neighbours[1]);
    CHECK(between(from, to).size() <= 1);
}

TEST_CASE("changes: in brief it is what is not as usual, and can be made whole", "[herd][config]") {
    Config config = Config::built_in();
    config.limits.idle_ms = 5'000;
    const Statement whole_one = state(config, first(config));
    const Statement short_one = brief(whole_one);
    CHECK(short_one.size() < 20);
    CHECK(short_one.at("limits.idle_ms") == "5000");
    CHECK_FALSE(short_one.contains("limits.clients"));
    CHECK(whole(short_one) == whole_one);
}

TEST_CASE("changes: all that is live is taken, and nothing else", "[herd][config]") {
    Config wanted = Config::built_in();
    for (const Setting& setting : settings()) {
        if (const auto* const number = std::get_if<Whole>(&setting.type)) {
            number->member.set(wanted, number->max);
        }
    }
    wanted.log.wire = true;
    wanted.log.folder = "elsewhere";
    wanted.journal.fsync = Fsync::always;
    Config running = Config::built_in();
    take_live(wanted, running);
    CHECK(running.log.wire);
    CHECK(running.log.folder == "log");
    CHECK(running.journal.fsync == Fsync::always);
    CHECK(running.max_future_ms == wanted.max_future_ms);
    CHECK(running.limits.idle_ms == wanted.limits.idle_ms);
    for (const Change& each : between(running, wanted)) CHECK(each.taken == Taken::at_start);
}

TEST_CASE("changes: a Places service that moves is followed, whatever the way there",
          "[herd][config]") {
    const auto offline = Provider::offline;
    struct Case {
        Provider provider;
        const char* from;
        const char* to;
    };
    const Case cases[] = {
        {offline, "http://a.example", "http://b.example:7"},
        {offline, "", "http://a.example"},
        {offline, "http://a.example", "http://[::1]"},
        {offline, "http://a.example", "https://a.example"},
        {Provider::google, "", "http://127.0.0.1"},
        {Provider::google_legacy, "https://a.example", ""},
    };
    for (const Case& each : cases) {
        CAPTURE(each.from, each.to);
        Config from = Config::built_in();
        from.places = {.provider = each.provider, .url = each.from, .key_file = {}};
        Config to = from;
        to.places.url = each.to;
        const auto found = between(from, to);
        REQUIRE(found.size() == 1);
        CHECK(found[0].taken == Taken::live);
    }
}

}  // namespace
}  // namespace herd::config
