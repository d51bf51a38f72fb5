#include "herd/phones/phones.hpp"

#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace phones_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

std::string may_report(const char* pattern) {
    return token_for(pattern, {.report = true});
}

std::string base64(const std::string& text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : text) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
    }
    if (count > 0) out += digits[bits << (6 - count) & 63];
    while (out.size() % 4 != 0) out += '=';
    return out;
}

std::string feature(std::int64_t time_s, const std::string& lon = "7.5") {
    return R"({"type":"Feature","geometry":{"type":"Point","coordinates":[)" + lon +
           R"(,45.2]},"properties":{"device_id":"lou","timestamp":)" + std::to_string(time_s) +
           R"(,"motion":["driving"],"battery_state":"unplugged","battery_level":0.51}})";
}

std::string batch(int size) {
    std::string body = R"({"locations":[)";
    for (int i = 0; i < size; ++i) {
        if (i > 0) body += ',';
        body += feature(1'767'220'000 + i);
    }
    return body + "]}";
}

}  // namespace

TEST_CASE("phones: a token says for whom its bearer reports, in each of the three ways",
          "[herd][phones]") {
    World world(with_tokens());
    const std::string token = may_report("ada/*");
    const std::string owntracks =
        R"({"_type":"location","lat":52.5163,"lon":13.3777,"tst":1767225000,)"
        R"("topic":"owntracks/eve/pixel"})";
    CHECK(code_of(say(world, phone_get("/p/" + token + "/tel?" + query))) == "200");
    CHECK(where(world.a(), "ada/tel") == place);
    CHECK(code_of(say(world, phone_get("/p/" + token + "?id=bike&" + query))) == "200");
    CHECK(where(world.a(), "ada/bike") == place);
    // As a Basic password; who the phone says that its user is does not count.
    const std::string basic = "Authorization: Basic " + base64("eve:" + token) + "\r\n";
    CHECK(told(world, post("/pub", owntracks, basic)) == "200 []");
    CHECK(where(world.a(), "ada/pixel") == place);
    CHECK(where(world.a(), "eve/pixel") == "nowhere");
    const std::string bearer = "Authorization: Bearer " + token + "\r\n";
    CHECK(code_of(say(world, post("/?id=car&" + query, "", bearer))) == "200");
    CHECK(where(world.a(), "ada/car") == place);
    // As Overland says it in its OwnTracks mode.
    const std::string bare = "Authorization: Basic " + token + ":\r\n";
    CHECK(code_of(say(world, post("/?id=van&" + query, "", bare))) == "200");
    CHECK(where(world.a(), "ada/van") == place);
    CHECK(world.a().counters().phone_denied == 0);
    CHECK(world.a().counters().phone_points == 5);
}

TEST_CASE("phones: a token for one client is that client's, one for all is anybody's",
          "[herd][phones]") {
    World world(with_tokens());
    CHECK(code_of(say(world, phone_get("/p/" + may_report("bus-7") + "?id=other&" + query))) ==
          "200");
    CHECK(where(world.a(), "bus-7") == place);
    CHECK(code_of(say(world, phone_get("/p/" + may_report("*") + "?id=x-1&" + query))) == "200");
    CHECK(where(world.a(), "x-1") == place);
    CHECK(code_of(say(world, phone_get("/p/" + may_report("fleet-*") + "/9?" + query))) == "200");
    CHECK(where(world.a(), "fleet-9") == place);
    CHECK(world.a().table().size() == 3);
}

TEST_CASE("phones: without a token that lets it report, a phone is told so, wherever it is",
          "[herd][phones]") {
    World world(with_tokens());
    const std::string ask_only = token_for("*", {.ask = true});
    for (const bool from_afar : {false, true}) {
        for (const std::string& target : {"/?id=a&" + query,
                                          "/p/wrong/a?" + query,
                                          "/p/" + ask_only + "/a?" + query,
                                          std::string("/pub")}) {
            const std::string answer = say(world, phone_get(target), from_afar);
            CHECK(code_of(answer) == "401");
            CHECK(answer.find("WWW-Authenticate: Basic realm=\"herd\"") != std::string::npos);
        }
    }
    CHECK(world.a().counters().phone_denied == 8);
    CHECK(world.a().table().size() == 0);
}

TEST_CASE("phones: a token in the clear counts where that is configured, or behind a proxy",
          "[herd][phones]") {
    config::Config config = with_tokens();
    config.access.in_the_clear = false;
    World world(config);
    const std::string request = phone_get("/p/" + may_report("ada/*") + "/tel?" + query);
    CHECK(code_of(say(world, request, true)) == "401");
    CHECK(world.a().counters().tokens_in_the_clear == 1);
    CHECK(code_of(say(world, request)) == "200");
}

TEST_CASE("phones: what cannot be taken now is 503, and what can is taken", "[herd][phones]") {
    config::Config config = with_phones();
    config.limits.clients = 1;
    World world(config);
    CHECK(code_of(say(world, phone_get("/?id=a&" + query))) == "200");
    const std::string answer = say(world, phone_get("/?id=b&" + query));
    CHECK(code_of(answer) == "503");
    CHECK(answer.find("Retry-After: 30\r\n") != std::string::npos);
    // Of a batch the rest counts.
    const std::string two = R"([{"id":"b","lat":1,"lon":2},{"id":"a","lat":1,"lon":2}])";
    CHECK(code_of(say(world, json("/", two))) == "503");
    CHECK(where(world.a(), "a").starts_with("+01+002 "));
    CHECK(world.a().counters().table_full == 2);
}

TEST_CASE("phones: with a ttl, what is over is ignored and not refused", "[herd][phones]") {
    config::Config config = with_phones();
    config.ttl_s = 60;
    config.max_future_ms = 1000;
    World world(config);
    CHECK(code_of(say(world, phone_get("/?id=a&" + query))) == "200");
    const std::string ahead = "/?id=a&lat=1&lon=2&timestamp=" + std::to_string(start_s + 60);
    CHECK(code_of(say(world, phone_get(ahead))) == "200");
    CHECK(world.a().table().size() == 0);
    CHECK(world.a().counters().phone_times_bad == 2);
    CHECK(world.a().counters().future_stamps == 1);
}

TEST_CASE("phones: a report by phone is at the other servers, and asked for like any",
          "[herd][phones]") {
    World world(with_phones(), 2);
    CHECK(code_of(say(world, phone_get("/?id=a&" + query))) == "200");
    world.run(100ms);
    CHECK(where(world.b(), "a") == place);
}

TEST_CASE("phones: an answer waits for the disk where that is promised", "[herd][phones]") {
    config::Config config = with_phones();
    config.journal = {.folder = "journal", .fsync = config::Fsync::always};
    World world(config);
    CHECK(code_of(say(world, phone_get("/?id=a&" + query))) == "200");
    const int fd = world.connect(phone_port);
    world.say(fd, phone_get("/?id=b&" + query));
    world.run(20ms);
    CHECK(code_of(world.hear(fd)) == "200");
    CHECK(where(world.a(), "b") == place);
    world.a().check();
}

TEST_CASE("phones: a big batch is taken in slices, in no more memory than a small one",
          "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    const std::string request = json("/api", batch(2000));
    REQUIRE(request.size() > 300'000);
    const auto turns = world.a().wire().counters().turns_cut;
    for (std::size_t at = 0; at < request.size(); at += 20'000) {
        world.say(fd, request.substr(at, 20'000));
        CHECK(world.a().wire().blocks().in_use() <= 17);
    }
    world.run(10ms);
    CHECK(code_of(world.hear(fd)) == "200");
    CHECK(where(world.a(), "lou") == "+45.2+007.5 1767221999");
    CHECK(world.a().counters().phone_points == 2000);
    CHECK(world.a().wire().counters().turns_cut > turns);
    CHECK(world.a().wire().blocks().in_use() == 0);
    world.a().check();
}

TEST_CASE("phones: each position of a batch counts as soon as it is complete", "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    const std::string request = json("/api", batch(20));
    world.say(fd, request.substr(0, request.size() / 2));
    CHECK(world.a().counters().phone_points >= 8);
    CHECK(world.hear(fd).empty());
    world.say(fd, request.substr(request.size() / 2));
    CHECK(code_of(world.hear(fd)) == "200");
}

TEST_CASE("phones: a body of more than 8 MiB is refused before it is sent", "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    world.say(fd, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 8388609\r\n\r\n{");
    CHECK(code_of(world.hear(fd)) == "413");
    world.a().check();
}

TEST_CASE("phones: who does not send all of a request is closed, and nothing is kept",
          "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    world.say(
        fd, "POST /pub HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{\"_type\":\"location\",");
    world.run(65s);
    const std::string heard = world.hear(fd);
    CHECK(code_of(heard) == "408");
    CHECK(heard.ends_with('$'));
    // Gone in the middle: its place is free again.
    for (int i = 0; i < 20; ++i) {
        const int one = world.connect(phone_port);
        world.say(one, "POST /pub HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{");
        world.kernel.enter(visitors);
        world.kernel.close(one);
        world.run(10ms);
    }
    CHECK(code_of(say(world, phone_get("/?id=a&" + query))) == "200");
    CHECK(world.a().phones().size() <= 1);
    world.a().check();
}

TEST_CASE("phones: at the end who has asked is answered, and who comes finds nobody",
          "[herd][phones]") {
    World world(with_phones());
    const int idle = world.connect(phone_port);
    const int half = world.connect(phone_port);
    const std::string request = json("/api", batch(20));
    world.say(half, request.substr(0, 200));
    world.kernel.enter(0);
    world.a().shut_down();
    world.run(50ms);
    CHECK(world.closed(idle));
    world.say(half, request.substr(200));
    const std::string heard = world.hear(half);
    CHECK(code_of(heard) == "200");
    CHECK(heard.find("Connection: close\r\n") != std::string::npos);
    world.run(3s);
    CHECK(world.servers[0]->stopped == 1);
    CHECK(world.a().counters().phone_points == 20);
}

TEST_CASE("phones: what was sent is in no answer", "[herd][phones]") {
    World world(with_phones());
    const std::string mark = "q7Zk";
    for (const std::string& request :
         {phone_get("/?id=" + mark + "&lat=" + mark + "&lon=1"),
          phone_get("/?" + mark + "&" + query),
          phone_get("/" + mark + "?" + mark),
          phone_get("/p/" + mark + "/" + std::string(300, 'x') + "?" + query),
          json("/pub", R"({"_type":")" + mark + R"(","tid":")" + mark + "\"}"),
          json("/api", R"({"locations":[{"set":")" + mark + R"("}],"set":{")" + mark + "\":1}}"),
          json("/", R"({"background_geolocation":[")" + mark + R"("]})"),
          post("/", mark + "=" + mark, "X-Limit-U: " + mark + "\r\nOrigin: " + mark + "\r\n")}) {
        INFO(request);
        CHECK(say(world, request).find(mark) == std::string::npos);
    }
}

TEST_CASE("phones: complaints of one phone are one line a minute", "[herd][phones]") {
    const World world(with_phones());
    phones::Complaints complaints;
    CHECK(complaints.admit("a", 10));
    CHECK_FALSE(complaints.admit("a", 10));
    CHECK_FALSE(complaints.admit("a", 69));
    CHECK(complaints.admit("a", 70));
    CHECK_FALSE(complaints.admit("a", 71));
    int others = 0;
    for (int i = 0; i < 100; ++i) others += complaints.admit(std::to_string(i), 71) ? 1 : 0;
    CHECK(others >= 80);
}

TEST_CASE("phones: without the setting there is no such port", "[herd][phones]") {
    World world(herd_of_two());
    CHECK_FALSE(world.a().phones().address());
    CHECK(world.a().phones().size() == 0);
    World with(with_phones());
    CHECK(with.a().phones().address()->port == phone_port);
}

}  // namespace phones_test
