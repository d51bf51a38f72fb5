// Brokers that hang, lie, end and come back.
#include "tests/unit/herd/nats/broker_house.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace herd::nats::endings_test {

using namespace broker_house;

namespace {

Options two_brokers() {
    return {.addresses = {reactor::Address::loopback(first), reactor::Address::loopback(second)}};
}

}  // namespace

TEST_CASE("nats endings: one that says nothing, or half of INFO, is left in time", "[herd][nats]") {
    for (const char* const said : {"", "INFO {\"server_id\"", "PING\r\n"}) {
        CAPTURE(said);
        House house;
        house.listen();
        house.start();
        REQUIRE(house.accept());
        house.say(said);
        house.run(4900ms);
        CHECK(house.ended(Ended::late) == 0);
        CHECK_FALSE(house.hear(500ms).ends_with("$") == false);
        CHECK(house.ended(Ended::late) == 1);
        CHECK(house.take_told().empty());
        CHECK(house.accept());  // It dials again.
    }
}

TEST_CASE("nats endings: one that does not answer the login is left in time", "[herd][nats]") {
    House house;
    house.listen();
    house.start();
    REQUIRE(house.accept());
    house.say(info() + "PING\r\n");
    house.run(5300ms);
    CHECK(house.ended(Ended::late) == 1);
}

TEST_CASE("nats endings: one that is silent is left in time, and one that does not read",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.run(6300ms);
    CHECK(house.take_told() == "down silent;");
    CHECK(house.ended(Ended::silent) == 1);
    REQUIRE(house.accept());
    house.say(info());
    house.hear();
    house.say("PONG\r\n");
    const std::string payload(10'000, 'x');
    while (house.connection.publish({.subject = "a", .payload = payload}) == Said::yes) {
        house.run(10us);
    }
    house.run(6300ms);
    CHECK(house.ended(Ended::stalled) == 1);
    CHECK(house.take_told() == "live;down stalled;");
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("nats endings: any nonsense ends the connection, before INFO, then, and when live",
          "[herd][nats]") {
    const std::vector<std::string> nonsense = {
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "PING\n",
        "MSG a\r\n",
        "MSG a 1 x\r\n",
        "INFO {}\r\n",
        "INFO no JSON\r\n",
        std::string(10'000, 'x'),
        "INFO " + std::string(40'000, 'x'),
    };
    for (const std::string& each : nonsense) {
        CAPTURE(each.substr(0, 40));
        for (const int when : {0, 1, 2}) {
            House house;
            house.listen();
            house.start();
            REQUIRE(house.accept());
            if (when > 0) house.say(info());
            if (when > 1) house.say("PONG\r\n");
            CHECK(house.connection.live() == (when > 1));
            house.say(each);
            CHECK(house.hear().ends_with("$"));
            CHECK(house.ended(Ended::nonsense) == 1);
            CHECK(house.take_told() == (when > 1 ? "live;down nonsense;" : ""));
            CHECK(house.wire.blocks().in_use() == 0);
        }
    }
}

TEST_CASE("nats endings: a message before it is taken is nonsense", "[herd][nats]") {
    House house;
    house.listen();
    house.start();
    REQUIRE(house.accept());
    house.say(info() + "MSG a 1 0\r\n\r\n");
    CHECK(house.ended(Ended::nonsense) == 1);
}

TEST_CASE("nats endings: an error ends what it is about, and is counted as that", "[herd][nats]") {
    const std::vector<std::pair<std::string, Ended>> errors = {
        {"Authorization Violation", Ended::denied},
        {"User Authentication Expired", Ended::denied},
        {"Stale Connection", Ended::stale},
        {"Slow Consumer", Ended::slow_consumer},
        {"Secure Connection - TLS Required", Ended::no_tls},
        {"Maximum Control Line Exceeded", Ended::too_long},
        {"Maximum Payload Violation", Ended::too_long},
        {"maximum connections exceeded", Ended::refused},
        {"Server Shutdown", Ended::refused},
        {"Parser Error", Ended::refused},
    };
    for (const auto& [text, why] : errors) {
        CAPTURE(text);
        for (const bool live : {false, true}) {
            House house;
            house.listen();
            house.start();
            REQUIRE(house.accept());
            house.say(info());
            if (live) house.say("PONG\r\n");
            house.say("-ERR '" + text + "'\r\n");
            CHECK(house.hear().ends_with("$"));
            CHECK(house.ended(why) == 1);
            CHECK(house.take_told() ==
                  (live ? "live;down " + std::string(to_text(why)) + ";" : ""));
            CHECK(house.accept());
        }
    }
}

TEST_CASE("nats endings: other errors are told, and end nothing", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.say("-ERR 'Permissions Violation for Publish to \"a\"'\r\n-ERR 'Invalid Subject'\r\n");
    house.say("-ERR 'what nobody knows'\r\n+OK\r\n");
    CHECK(house.take_told() == "complaint permission;complaint unsupported;complaint other;");
    CHECK(house.connection.live());
    CHECK(house.connection.counters().permissions == 1);
    CHECK(house.connection.counters().errors == 2);
}

TEST_CASE("nats endings: one that wants TLS is not told who we are", "[herd][nats]") {
    House house({.user = "u", .password = "p"});
    house.listen();
    house.start();
    REQUIRE(house.accept());
    house.say(info(R"(,"tls_required":true)"));
    CHECK(house.hear() == "$");
    CHECK(house.ended(Ended::no_tls) == 1);
}

TEST_CASE("nats endings: a connection in pieces is lost, and what stood in it", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.connection.subscribe("a", Connection::Deliver::to<&House::on_delivery>(house));
    house.say("MSG a 2 5\r\nhel");
    house.hang_up();
    CHECK(house.take_told() == "down lost;");
    house.log_in();
    CHECK(house.take_told() == "live;");
    // Nothing is subscribed to any more, and a number is not given again.
    house.say("MSG a 2 1\r\n1\r\n");
    CHECK(house.take_told().empty());
    CHECK(house.connection.subscribe("a", Connection::Deliver::to<&House::on_delivery>(house)) ==
          3);
}

TEST_CASE("nats endings: brokers are tried in turn, and none twice running", "[herd][nats]") {
    House house(two_brokers());
    house.listen(second);
    house.start();
    REQUIRE(house.accept(second));
    house.listen(first);
    house.hang_up();
    REQUIRE(house.accept(first));
    house.say(info());
    house.say("PONG\r\n");
    CHECK(house.connection.address() == reactor::Address::loopback(first));
    house.hang_up();
    REQUIRE(house.accept(second));
}

TEST_CASE("nats endings: it goes where the cluster of its broker is, as well", "[herd][nats]") {
    House house;
    house.listen(second);
    house.log_in(first,
                 R"(,"connect_urls":["127.0.0.1:4222","nonsense","a.name:1","127.0.0.1:0",)"
                 R"("127.0.0.1:4223","127.0.0.1:99999","0.0.0.0:1"])");
    house.hang_up();
    CHECK(house.accept(second, 1s));
}

TEST_CASE("nats endings: where else to go, one is not believed that has not taken us",
          "[herd][nats]") {
    House house;
    house.listen(second);
    house.listen();
    house.start();
    REQUIRE(house.accept());
    house.say(info(R"(,"connect_urls":["127.0.0.1:4223"])"));
    house.hang_up();
    CHECK_FALSE(house.accept(second, 1s));
}

TEST_CASE("nats endings: asked to go elsewhere, it does so behind the answers under way",
          "[herd][nats]") {
    House house(two_brokers());
    house.listen(second);
    const std::string inbox = inbox_of(house.log_in());
    house.take_told();
    house.connection.request("q", "", 5s, ReplyTo::to<&House::on_reply>(house));
    house.say(info(R"(,"ldm":true)"));
    house.run(1s);
    CHECK(house.connection.live());
    house.say("MSG " + inbox + ".40 1 0\r\n\r\n");
    house.run(300ms);
    CHECK(house.take_told() == "answered ;down lame_duck;");
    CHECK(house.ended(Ended::lame_duck) == 1);
    CHECK(house.accept(second, 100ms));
    // One that never answers does not keep it.
    house.say(info());
    house.say("PONG\r\n");
    house.connection.request("q", "", 60s, ReplyTo::to<&House::on_reply>(house));
    house.say(info(R"(,"ldm":true)"));
    house.run(2400ms);
    CHECK(house.take_told() == "live;lost ;down lame_duck;");
}

TEST_CASE("nats endings: the only broker that there is stays until it ends", "[herd][nats]") {
    House house;
    house.log_in();
    house.say(info(R"(,"ldm":true)"));
    house.run(3s);
    CHECK(house.connection.live());
}

TEST_CASE("nats endings: a broker that is started again is found again", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.listen_no_more();
    house.hang_up();
    house.run(20s);
    CHECK(house.take_told() == "down lost;");
    house.log_in();
    CHECK(house.take_told() == "live;");
    CHECK(house.connection.counters().logins == 2);
}

TEST_CASE("nats endings: who drops it behind each login is not dialled faster and faster",
          "[herd][nats]") {
    House house;
    house.listen();
    house.start();
    int logins = 0;
    const std::int64_t from = house.kernel.now_ns();
    while (house.kernel.now_ns() - from < 20'000'000'000) {
        if (!house.accept(first, 6s)) continue;
        house.say(info());
        house.say("PONG\r\n");
        house.run(500ms);
        house.hang_up();
        ++logins;
    }
    CHECK(logins > 5);
    CHECK(logins < 20);
}

TEST_CASE("nats endings: why a broker does not take us is logged once, and no secret is",
          "[herd][nats]") {
    House house({.user = "herd", .password = "s3cret"});
    house.keep_log();
    house.listen();
    house.start();
    const auto times = [&](const std::string& what) {
        house.run(100ms);
        const std::string& kept = house.kernel.log_of(here).kept;
        std::size_t count = 0;
        for (std::size_t at = 0; (at = kept.find(what, at)) != std::string::npos; ++at) ++count;
        return count;
    };
    for (int i = 0; i < 4; ++i) {
        REQUIRE(house.accept());
        house.say(info() + "-ERR 'Authorization Violation'\r\n");
    }
    CHECK(times("event=broker_down") == 1);
    CHECK(times("why=denied text=\"Authorization Violation\"") == 1);
    house.log_in();
    house.hang_up();
    CHECK(times("event=broker_up address=127.0.0.1:4222 version=2.9.10 tls=no") == 1);
    CHECK(times("event=broker_down") == 2);
    CHECK(times("why=lost") == 1);
    CHECK(times("s3cret") == 0);
}

TEST_CASE("nats endings: an owner may stop it from whatever it is told", "[herd][nats]") {
    class Stopper {
    public:
        explicit Stopper(House& house) : house_(house) {}
        void on_reply(const Reply&) { house_.connection.stop(); }
        void on_delivery(const protocol::nats::Delivery&) { house_.connection.stop(); }

    private:
        House& house_;
    };
    for (const int how : {0, 1, 2}) {
        House house;
        house.log_in();
        house.take_told();
        Stopper stopper(house);
        house.connection.request("q", "", 500ms, ReplyTo::to<&Stopper::on_reply>(stopper));
        house.connection.subscribe("a", Connection::Deliver::to<&Stopper::on_delivery>(stopper));
        house.hear();
        if (how == 0) house.run(1s);
        if (how == 1) house.hang_up();
        if (how == 2) house.say("MSG a 2 0\r\n\r\nMSG a 2 0\r\n\r\nPING\r\n");
        house.run(4s);
        CHECK(house.connection.stopped());
        CHECK(house.take_told().empty());
    }
}

}  // namespace herd::nats::endings_test
