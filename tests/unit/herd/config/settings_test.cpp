#include "herd/config/settings.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace herd::config {
namespace {

const Setting& setting(Section in, std::string_view name) {
    const Setting* const found = find_setting(in, name);
    REQUIRE(found != nullptr);
    return *found;
}

TEST_CASE("settings: each has a path of its own and, but for containers, a meaning",
          "[herd][config]") {
    std::set<std::string> paths;
    for (const Setting& each : settings()) {
        INFO(path_of(each));
        CHECK(paths.insert(path_of(each)).second);
        CHECK(find_setting(each.in, each.name) == &each);
        const bool is_container =
            std::holds_alternative<Object>(each.type) || std::holds_alternative<List>(each.type);
        CHECK(allowed(each).empty() == is_container);
        if (!is_container) CHECK_FALSE(each.meaning.empty());
    }
    CHECK(paths.contains("ttl_s"));
    CHECK(paths.contains("limits.clients"));
    CHECK(paths.contains("servers[].name"));
    CHECK(paths.contains("links[][]"));
    CHECK(find_setting(Section::log, "clients") == nullptr);
}

TEST_CASE("settings: what is shown of a value can be assigned, and is then the same",
          "[herd][config]") {
    const Config from = Config::built_in();
    Config to;
    to.servers.emplace_back();
    for (const Setting& each : settings()) {
        const std::string text = shown(each, from);
        if (text.empty() || text == "\"\"") continue;
        INFO(path_of(each));
        CHECK_FALSE(assign(each, text, to));
        CHECK(shown(each, to) == text);
    }
    CHECK(to.servers.back().name == "Wilkes");
    CHECK(to.servers.back().peers == reactor::Address::loopback(12105));
}

TEST_CASE("settings: each type says what it may be, and shows it", "[herd][config]") {
    Config config;
    const Setting& fsync = setting(Section::journal, "fsync");
    CHECK(allowed(fsync) == "second or always");
    CHECK_FALSE(assign(fsync, "always", config));
    CHECK(config.journal.fsync == Fsync::always);
    CHECK(shown(fsync, config) == "always");
    CHECK(allowed(setting(Section::places, "provider")) == "offline, google or google-legacy");
    CHECK(allowed(setting(Section::limits, "line_max")) == "128 to 60000 bytes");
    CHECK(allowed(setting(Section::limits, "clients")) == "1 to 500000000");
    CHECK(allowed(setting(Section::root, "spin")) == "true or false");
    CHECK(shown(setting(Section::journal, "folder"), config) == "\"\"");
    const auto refused = assign(setting(Section::root, "ttl_s"), "-1", config);
    REQUIRE(refused);
    CHECK(refused->expected == "a whole number from 0 to 3162240000");
    CHECK(refused->got == "-1");
    CHECK(refused->field.empty());
    CHECK(config.ttl_s == 0);
}

TEST_CASE("settings: no text has control characters, which a path or a message would end at",
          "[herd][config]") {
    Config config;
    config.servers.emplace_back();
    for (const Setting& each : settings()) {
        if (!std::holds_alternative<Text>(each.type)) continue;
        INFO(path_of(each));
        for (const std::string_view bad : {std::string_view("a\0b", 3),
                                           std::string_view("a\nb"),
                                           std::string_view("\x1b"),
                                           std::string_view("a\x7f")}) {
            CHECK(assign(each, bad, config));
        }
    }
    CHECK_FALSE(assign(setting(Section::log, "folder"), "/var/l\xc3\xb6g/herd", config));
}

}  // namespace
}  // namespace herd::config
