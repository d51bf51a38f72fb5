// What a good guess gets wrong of phones' apps, each by what the app does then.
#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace wrong_guesses_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

std::string location(const std::string& more) {
    return R"({"_type":"location","lat":52.5163,"lon":13.3777,"tst":1767225000)" + more + "}";
}

}  // namespace

TEST_CASE("wrong guess: a bad point is a bad request", "[herd][phones]") {
    // It would be sent for ever, and hold up all behind it; or be deleted, with an alert.
    World world(with_phones());
    for (const char* bad :
         {"lat=91&lon=7", "lat=x&lon=7", "lat=0&lon=0", "lat=1&lon=2&time=never"}) {
        CHECK(code_of(say(world, phone_get(std::string("/?id=a&") + bad))) == "200");
    }
    CHECK(told(world, json("/pub", R"({"_type":"dump","lat":"x"})")) == "200 []");
    CHECK(told(world, json("/pub", R"({"_type":"location","lat":)")) == "200 []");
    CHECK(world.a().table().size() == 0);
}

TEST_CASE("wrong guess: any 200 is success", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, json("/", location(R"(,"tid":"px")"))) == "200 []");
    CHECK(told(world, post("/pub", "")) == "200 []");
    CHECK(told(world, json("/", R"({"locations":[]})")) == R"(200 {"result":"ok"})");
    CHECK(say(world, json("/", R"({"locations":[]})")).find("Content-Type: application/json\r\n") !=
          std::string::npos);
    CHECK(told(world, post("/client/index.php", "action=auth")) ==
          R"(200 {"error":false,"trackid":1})");
    CHECK(told(world, post("/x/logPost/t/d", query)) == R"(200 {"done":1})");
    CHECK(told(world, phone_get("/?id=a&" + query)) == "200 ");
}

TEST_CASE("wrong guess: Traccar Client sends a query", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, post("/?id=v7&" + query, "")) == "200 ");
    CHECK(told(world, post("/", "id=v10&" + query)) == "200 ");
    CHECK(told(world,
               json("/",
                    R"({"location":{"timestamp":"2025-12-31T23:50:00.000Z",)"
                    R"("coords":{"latitude":52.5163,"longitude":13.3777}},"device_id":"v9"})")) ==
          "200 ");
    for (const char* each : {"v7", "v9", "v10"}) CHECK(where(world.a(), each) == place);
}

TEST_CASE("wrong guess: the unit of a speed is known", "[herd][phones]") {
    // It is knots, metres a second or kilometres an hour under one name: none is kept, and none is
    // a reason to refuse anything.
    World world(with_phones());
    for (const char* speed : {"-1", "999", "fast", "NaN", ""}) {
        CHECK(code_of(say(world, phone_get("/?id=a&" + query + "&speed=" + speed))) == "200");
        CHECK(where(world.a(), "a") == place);
    }
    CHECK(world.a().table().size() == 1);
}

TEST_CASE("wrong guess: what has a place and a time is where the phone is", "[herd][phones]") {
    World world(with_phones());
    for (const char* type : {"waypoint", "transition", "beacon", "Location", ""}) {
        const std::string body =
            std::string(R"({"lat":52.5,"lon":13.4,"tst":1767225000,"tid":"px",)") + R"("_type":")" +
            type + "\"}";
        CHECK(told(world, json("/pub", body)) == "200 []");
    }
    CHECK(world.a().table().size() == 0);
    CHECK(world.a().counters().phone_not_positions == 5);
}

TEST_CASE("wrong guess: coordinates are plain decimals", "[herd][phones]") {
    World world(with_phones());
    CHECK(code_of(say(world, phone_get("/?id=a&timestamp=1767225000&lat=51.5&lon=-4.5E-4"))) ==
          "200");
    CHECK(where(world.a(), "a") == "+51.5-000.00045 1767225000");
}

TEST_CASE("wrong guess: a position without a latitude is broken", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, post("/", "id=a&timestamp=1767225000&batt=50")) == "200 ");
    CHECK(told(world, post("/", "id=a&notificationToken=x")) == "200 ");
    CHECK(told(world, json("/", R"({"location":{"timestamp":"2025-12-31T23:50:00Z"}})")) == "200 ");
    CHECK(world.a().table().size() == 0);
}

TEST_CASE("wrong guess: a token comes in a header or the query", "[herd][phones]") {
    World world(with_tokens());
    const std::string token = token_for("ada/*", {.report = true});
    CHECK(token.find_first_of("'{}%/?#&") == std::string::npos);
    CHECK(told(world, phone_get("/p/" + token + "/tel?" + query)) == "200 ");
    CHECK(where(world.a(), "ada/tel") == place);
}

TEST_CASE("wrong guess: unknown parameters are a mistake", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, phone_get("/?charge=true&" + query + "&id=a&x[]=1&%=2&charge=false&&=")) ==
          "200 ");
    CHECK(where(world.a(), "a") == place);
}

TEST_CASE("wrong guess: two letters say which phone it is", "[herd][phones]") {
    World world(with_phones());
    const std::string body = location(R"(,"tid":"ne","topic":"owntracks/ada/phone")");
    CHECK(told(world, json("/pub", body)) == "200 []");
    CHECK(where(world.a(), "ada/phone") == place);
    CHECK(where(world.a(), "ne") == "nowhere");
}

TEST_CASE("wrong guess: the newest point of a batch is its last", "[herd][phones]") {
    World world(with_phones());
    const auto feature = [](const char* time) {
        return std::string(R"({"geometry":{"coordinates":[13.3777,52.5163]},"properties":)") +
               R"({"device_id":"lou","timestamp":")" + time + "\"}}";
    };
    const std::string body = R"({"locations":[)" + feature("2025-12-31T23:40:00Z") + "," +
                             feature("2025-12-31T23:30:00Z") + R"(],"current":)" +
                             feature("2025-12-31T23:50:00Z") + "}";
    CHECK(told(world, json("/api", body)) == R"(200 {"result":"ok"})");
    CHECK(where(world.a(), "lou") == place);
}

TEST_CASE("wrong guess: the newest point of a batch may hide the others", "[herd][phones]") {
    config::Config config = with_phones();
    config.max_future_ms = 60'000;
    config.ttl_s = 86'400;
    World world(config);
    const auto batch = [](const std::string& more, const std::string& id) {
        return R"({"locations":[{"geometry":{"coordinates":[13.3777,52.5163]},"properties":)"
               R"({"timestamp":"2025-12-31T23:50:00Z"}})" +
               more + "]" + id + "}";
    };
    const auto feature = [](const std::string& place, const std::string& time) {
        return R"(,{"geometry":{"coordinates":)" + place + R"(},"properties":{"timestamp":")" +
               time + "\"}}";
    };
    // A clock that is years ahead, or minutes; no place; and one that is over.
    const std::string bad =
        feature("[1,1]", "2076-01-01T00:00:00Z") + feature("[2,2]", "2026-01-01T00:10:00Z") +
        feature("[0,0]", "2025-12-31T23:59:00Z") + feature("[3,3]", "2020-01-01T00:00:00Z");
    // Whose they are stands behind them.
    CHECK(told(world, json("/", batch(bad, R"(,"device_id":"col")"))) == R"(200 {"result":"ok"})");
    CHECK(where(world.a(), "col") == place);
    CHECK(world.a().counters().phone_times_bad == 3);
    CHECK(world.a().counters().phone_positions_bad == 1);
    // Of those that do not count nobody asks whose they are.
    const std::string none = R"({"locations":[)" + bad.substr(1) + "]}";
    CHECK(told(world, json("/", none)) == R"(200 {"result":"ok"})");
    CHECK(world.a().counters().phone_nameless == 0);
}

TEST_CASE("wrong guess: 64 KiB are plenty", "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    std::string body = location(R"(,"tid":"px","image":")" + std::string(200'000, 'A') + "\"");
    std::string request = json("/pub", body);
    for (; request.size() > 20'000; request.erase(0, 20'000)) {
        world.say(fd, request.substr(0, 20'000));
    }
    world.say(fd, request);
    CHECK(code_of(world.hear(fd)) == "200");
    CHECK(where(world.a(), "px") == place);
}

TEST_CASE("wrong guess: who keeps a connection uses it again", "[herd][phones]") {
    // One for each position, and none is closed.
    World world(with_phones());
    for (int i = 0; i < 50; ++i) {
        const int fd = world.connect(phone_port);
        world.say(fd, phone_get("/?id=a" + std::to_string(i) + "&" + query));
        CHECK(code_of(world.hear(fd)) == "200");
        world.run(3s);
    }
    CHECK(world.a().table().size() == 50);
    world.run(40s);
    CHECK(world.a().phones().size() == 0);
}

TEST_CASE("wrong guess: a time is that of its arrival, or of its making", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, json("/pub", location(R"(,"tid":"px","created_at":1767225500)"))) ==
          "200 []");
    CHECK(where(world.a(), "px") == place);
    // What waited on the phone is older than what came since, and does not count again.
    CHECK(told(world, phone_get("/?id=px&lat=1&lon=2&timestamp=1767224000")) == "200 ");
    CHECK(where(world.a(), "px") == place);
}

TEST_CASE("wrong guess: GET changes nothing, and a POST says what it is", "[herd][phones]") {
    World world(with_phones());
    CHECK(told(world, phone_get("/log?id=a&" + query)) == "200 ");
    CHECK(told(world, post("/log?id=b", query)) == "200 ");
    const std::string as_form = "Content-Type: application/x-www-form-urlencoded\r\n";
    CHECK(told(world, post("/pub", location(R"(,"tid":"cc")"), as_form)) == "200 []");
    for (const char* each : {"a", "b", "cc"}) CHECK(where(world.a(), each) == place);
}

TEST_CASE("wrong guess: dates are local, a plus is a plus, and places are lat, lon",
          "[herd][phones]") {
    World world(with_phones());
    const std::string at = "/?lat=52.5163&lon=13.3777";
    CHECK(told(world, phone_get(at + "&id=a&timestamp=2025-12-31+23:50:00")) == "200 ");
    CHECK(told(world, phone_get(at + "&id=b&timestamp=2026-01-01T01:50:00+02:00")) == "200 ");
    CHECK(told(world,
               json("/api",
                    R"({"locations":[{"geometry":{"coordinates":[13.3777,52.5163]},"properties":)"
                    R"({"device_id":"c","timestamp":"2025-12-31T23:50:00Z"}}]})")) ==
          R"(200 {"result":"ok"})");
    for (const char* each : {"a", "b", "c"}) CHECK(where(world.a(), each) == place);
}

TEST_CASE("wrong guess: the best accuracy is the least", "[herd][phones]") {
    // 0 is "by GPS" of one app, and "unknown" of another.
    World world(with_phones());
    for (const char* accuracy : {"0.0", "0", "-1", "2500"}) {
        const std::string id = std::string("a") + accuracy;
        CHECK(told(world, phone_get("/?id=" + id + "&" + query + "&accuracy=" + accuracy)) ==
              "200 ");
        CHECK(where(world.a(), id) == place);
    }
}

TEST_CASE("wrong guess: a connection is one phone's", "[herd][phones]") {
    World world(with_phones());
    const int fd = world.connect(phone_port);
    world.say(
        fd, phone_get("/p/t/a?" + query) + phone_get("/?" + query) + phone_get("/p/t/b?" + query));
    const std::string heard = world.hear(fd);
    CHECK(heard.find("HTTP/1.1 400 ") != std::string::npos);
    CHECK(where(world.a(), "a") == place);
    CHECK(where(world.a(), "b") == place);
    CHECK(world.a().table().size() == 2);
}

}  // namespace wrong_guesses_test
