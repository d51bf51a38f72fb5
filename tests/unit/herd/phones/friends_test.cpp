// What an OwnTracks app is told of others in the answer to its report.
#include "herd/phones/friends.hpp"

#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <map>
#include <set>
#include <string>

namespace friends_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

constexpr access::Rights with_friends{.report = true, .ask = true, .friends = true};

std::string location(const std::string& device, const std::string& more = "") {
    return R"({"_type":"location","lat":52.5163,"lon":13.3777,"tst":1767225000,)"
           R"("topic":"owntracks/ada/)" +
           device + "\"" + more + "}";
}

std::string bearer(const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
}

// Somebody else's report, by no phone.
void know(World& world,
          const std::string& client,
          const std::string& place = "+10-20.5",
          std::int64_t time_s = start_s - 60) {
    const int fd = world.connect();
    world.say(fd, "IAMAT " + client + " " + place + " " + std::to_string(time_s) + "\n");
    CHECK(world.hear(fd).starts_with("AT A "));
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
}

config::Config open_to_lines() {
    config::Config config = with_tokens();
    config.limits.clients = 500;
    config.limits.long_records = 100;
    return config;
}

// By a token for everybody.
class FriendsWorld {
public:
    explicit FriendsWorld(const config::Config& config = open_to_lines()) : world(config) {}

    void know(const std::string& client,
              const std::string& place = "+10-20.5",
              std::int64_t time_s = start_s - 60) {
        const std::string line =
            "IAMAT " + client + " " + place + " " + std::to_string(time_s) + "\n";
        const int fd = world.connect();
        world.say(fd, "AUTH * " + token_for("*", {.report = true, .ask = true}) + "\n" + line);
        const std::string heard = world.hear(fd);
        REQUIRE(heard.find("\nAT A ") != std::string::npos);
        world.kernel.enter(visitors);
        world.kernel.close(fd);
        world.run(1ms);
    }
    std::string report(const char* pattern,
                       access::Rights rights,
                       const std::string& device = "phone") {
        return told(world, post("/pub", location(device), bearer(token_for(pattern, rights))));
    }

    World world;
};

// Of an answer: where each is, by its tid. Fails where an app would.
std::map<std::string, std::string> friends_in(const std::string& answer) {
    INFO(answer);
    REQUIRE(answer.starts_with("200 "));
    rapidjson::Document all;
    all.Parse<rapidjson::kParseValidateEncodingFlag>(answer.substr(4).c_str());
    REQUIRE_FALSE(all.HasParseError());
    REQUIRE(all.IsArray());
    std::map<std::string, std::string> found;
    for (const auto& each : all.GetArray()) {
        CHECK(std::string(each["_type"].GetString()) == "location");
        CHECK(each["tst"].GetInt64() > 0);
        const std::string tid = each["tid"].GetString();
        CHECK_FALSE(tid.empty());
        CHECK(tid.find('/') == std::string::npos);
        const bool is_new = found
                                .emplace(tid,
                                         std::to_string(each["lat"].GetDouble()) + " " +
                                             std::to_string(each["lon"].GetDouble()) + " " +
                                             std::to_string(each["tst"].GetInt64()))
                                .second;
        CHECK(is_new);
    }
    return found;
}

}  // namespace

TEST_CASE("friends: who reports by OwnTracks is told where the others of its token are",
          "[herd][phones]") {
    FriendsWorld house;
    house.know("ada/bike", "+10-20.5", 1'767'224'000);
    house.know("ada/tag", "-00.0000001+180", 1'767'224'001);
    house.know("eve/phone");
    house.know("ada");
    house.know("adam/phone");
    const auto found = friends_in(house.report("ada/*", with_friends));
    CHECK(found.size() == 2);
    CHECK(found.at("bike") == "10.000000 -20.500000 1767224000");
    CHECK(found.at("tag") == "-0.000000 -180.000000 1767224001");
    CHECK(house.world.a().counters().phone_friends == 2);
    CHECK(house.world.a().counters().phone_friends_cut == 0);
    // Itself it knows, and by the other phone of hers it is a friend.
    CHECK(friends_in(house.report("ada/*", with_friends, "tag")).count("phone") == 1);
}

TEST_CASE("friends: it is so for who has that right, and for no other", "[herd][phones]") {
    FriendsWorld house;
    house.know("ada/bike");
    CHECK(house.report("ada/*", {.report = true}) == "200 []");
    CHECK(house.report("ada/*", {.report = true, .ask = true}) == "200 []");
    CHECK(friends_in(house.report("ada/*", with_friends)).size() == 1);
    // A narrower token has those that it covers.
    house.know("ada/boat");
    CHECK(friends_in(house.report("ada/bo*", with_friends)).count("at") == 1);
    CHECK(friends_in(house.report("ada/bo*", with_friends)).size() == 1);
    // One client has no others; and who belongs to no family has no friends.
    CHECK(house.report("ada/phone", with_friends) == "200 []");
    CHECK(house.report("*", with_friends) == "200 []");
    CHECK(house.report("ad*", with_friends) == "200 []");
}

TEST_CASE("friends: without tokens nobody is told of anybody", "[herd][phones]") {
    World world(with_phones());
    know(world, "ada/bike");
    CHECK(told(world, json("/pub", location("phone"))) == "200 []");
    CHECK(world.a().counters().phone_friends == 0);
}

TEST_CASE("friends: other apps, and other messages, have the answer that they want",
          "[herd][phones]") {
    FriendsWorld house;
    house.know("ada/bike");
    const std::string token = token_for("ada/*", with_friends);
    const auto ask = [&](const std::string& body, const std::string& more = "") {
        return told(house.world, post("/p/" + token + "/phone", body, more));
    };
    CHECK(ask("lat=52.5&lon=13.4&timestamp=1767225000") == "200 ");
    CHECK(ask(R"({"locations":[]})") == R"(200 {"result":"ok"})");
    // Overland in its OwnTracks mode wants its own, and would not understand friends.
    CHECK(ask(location("phone"), "User-Agent: Overland/1.3\r\n") == R"(200 {"result":"ok"})");
    // What is no report has no friends in its answer: whose it is may not be said in it.
    CHECK(ask(R"({"_type":"status","topic":"owntracks/ada/phone"})") == "200 []");
    CHECK(ask(R"({"_type":"location","lat":91,"lon":1,"tst":1767225000})") == "200 []");
    CHECK(friends_in(ask(location("phone"))).size() == 1);
    // What is older than known is a report.
    CHECK(friends_in(ask(location("phone"))).size() == 1);
}

TEST_CASE("friends: who is over, or has no time that apps know, is none", "[herd][phones]") {
    config::Config config = open_to_lines();
    config.ttl_s = 600;
    FriendsWorld house(config);
    house.know("ada/bike", "+1+2", start_s - 590);
    CHECK(friends_in(house.report("ada/*", with_friends)).empty());
    house.know("ada/boat", "+1+2", start_s - 10);
    const std::string now = location("phone", R"(,"tst":)" + std::to_string(start_s));
    const std::string token = token_for("ada/*", with_friends);
    CHECK(friends_in(told(house.world, post("/pub", now, bearer(token)))).size() == 2);
    house.world.run(15s);
    CHECK(friends_in(told(house.world, post("/pub", now, bearer(token)))).size() == 1);

    FriendsWorld without_ttl;
    without_ttl.know("ada/old", "+1+2", 0);
    without_ttl.know("ada/older", "+1+2", -5);
    CHECK(without_ttl.report("ada/*", with_friends) == "200 []");
}

TEST_CASE("friends: whatever others are called, the answer is in order and each has a tid",
          "[herd][phones]") {
    FriendsWorld house;
    const std::set<std::string> names = {"ada/\"",
                                         "ada/\\",
                                         "ada/a/b",
                                         "ada/a%2fb",
                                         "ada/a%2Fb",
                                         "ada/\xff\xfe",
                                         "ada/\xc3\xa9",
                                         "ada/<b>",
                                         "ada/+",
                                         "ada/#",
                                         "ada/{}",
                                         "ada/]",
                                         "ada/,",
                                         "ada/'"};
    for (const std::string& each : names) house.know(each);
    house.know("ada/");  // It has no name of its own.
    CHECK(friends_in(house.report("ada/*", with_friends)).size() == names.size());
}

TEST_CASE("friends: of many the newest are told, within an answer of a size", "[herd][phones]") {
    FriendsWorld house;
    for (int i = 0; i < 100; ++i) {
        house.know("ada/n" + std::to_string(i), "+1+2", 1'767'000'000 + (i * 37) % 100);
    }
    const auto found = friends_in(house.report("ada/*", with_friends));
    CHECK(found.size() == phones::Friends::told_max);
    for (const auto& [tid, where] : found) {
        CHECK(std::stoll(where.substr(where.rfind(' '))) >= 1'767'000'036);
    }
    CHECK(house.world.a().counters().phone_friends_cut == 1);

    SECTION("long names") {
        for (int i = 0; i < 64; ++i) {
            house.know("bob/" + std::string(240, '"') + std::to_string(i), "+1+2");
        }
        const std::string answer = house.report("bob/*", with_friends);
        CHECK(answer.size() <= phones::Friends::size_max + 4);
        const std::size_t told = friends_in(answer).size();
        CHECK(told > 15);
        CHECK(told < 64);
        CHECK(house.world.a().counters().phone_friends_cut == 2);
    }
    SECTION("more than are looked at") {
        for (int i = 0; i < 260; ++i) house.know("eve/" + std::to_string(i), "+1+2");
        CHECK(friends_in(house.report("eve/*", with_friends)).size() == phones::Friends::told_max);
        CHECK(house.world.a().counters().phone_friends_cut == 2);
    }
    house.world.a().check();
}

TEST_CASE("friends: nothing of the request is in the answer", "[herd][phones]") {
    FriendsWorld house;
    house.know("ada/bike");
    const std::string body = location("secret-device", R"(,"tid":"zz","x":"echo-me")");
    const std::string answer =
        say(house.world, post("/pub?u=echo-u", body, bearer(token_for("ada/*", with_friends))));
    for (const char* part : {"secret-device", "zz", "echo", "52.5", "1767225000", "phone"}) {
        CHECK(answer.find(part) == std::string::npos);
    }
    CHECK(answer.find("bike") != std::string::npos);
}

TEST_CASE("friends: they are those of other servers, too", "[herd][phones]") {
    config::Config config = open_to_lines();
    World world(config, 2);
    const int fd = world.connect(1001);
    world.say(fd,
              "AUTH * " + token_for("*", {.report = true}) + "\nIAMAT ada/bike +1+2 1767224000\n");
    world.run(100ms);
    const std::string token = token_for("ada/*", with_friends);
    const auto found = friends_in(told(world, post("/pub", location("phone"), bearer(token))));
    CHECK(found.at("bike") == "1.000000 2.000000 1767224000");
}

}  // namespace friends_test
