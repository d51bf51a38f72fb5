#include "herd/nats/connection.hpp"

#include "tests/unit/herd/nats/broker_house.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <string>

namespace herd::nats::connection_test {

using namespace broker_house;
using protocol::nats::Header;

namespace {

using Deliver = Connection::Deliver;

Deliver deliver_to(House& house) {
    return Deliver::to<&House::on_delivery>(house);
}
ReplyTo reply_to(House& house) {
    return ReplyTo::to<&House::on_reply>(house);
}

}  // namespace

TEST_CASE("nats connection: says who it is behind INFO, and is live with the PONG",
          "[herd][nats]") {
    House house({.name = "A", .user = "u", .password = "p"});
    house.listen();
    house.start();
    REQUIRE(house.accept());
    CHECK(house.hear().empty());
    CHECK_FALSE(house.connection.live());
    house.say(info());
    const std::string heard = house.hear();
    CHECK(heard.starts_with("CONNECT {\"verbose\":false"));
    CHECK(heard.find("\"name\":\"A\",\"user\":\"u\",\"pass\":\"p\"}\r\nSUB _INBOX.") !=
          std::string::npos);
    CHECK(heard.ends_with(".* 1\r\nPING\r\n"));
    CHECK_FALSE(house.connection.live());
    CHECK(house.connection.publish({.subject = "a"}) == Said::down);
    CHECK(house.connection.subscribe("a", deliver_to(house)) == 0);
    CHECK(house.connection.request("a", "", 1s, reply_to(house)) == Said::down);
    house.say("PONG\r\n");
    CHECK(house.connection.live());
    CHECK(house.take_told() == "live;");
    CHECK(house.connection.broker().server_id.text() == "NB");
    CHECK(house.connection.counters().logins == 1);
}

TEST_CASE("nats connection: all that it is told may come byte by byte", "[herd][nats]") {
    House house;
    house.listen();
    house.start();
    REQUIRE(house.accept());
    for (const char byte : "PONG\r\n" + info()) house.say({byte});
    CHECK_FALSE(house.connection.live());  // Nothing had been asked that this PONG answers.
    for (const char byte : std::string("PONG\r\n")) house.say({byte});
    REQUIRE(house.connection.live());
    CHECK(house.connection.subscribe("a.*", deliver_to(house)) == 2);
    for (const char byte : std::string("MSG a.b 2 5\r\nhello\r\n")) house.say({byte});
    CHECK(house.take_told() == "live;a.b=hello;");
}

TEST_CASE("nats connection: publishes, with headers and with a subject of replies",
          "[herd][nats]") {
    House house;
    house.log_in();
    const std::array headers = {Header{"X", "y"}};
    CHECK(house.connection.publish({.subject = "a.b", .payload = "hello"}) == Said::yes);
    CHECK(house.connection.publish({.subject = "a", .reply = "r", .headers = headers}) ==
          Said::yes);
    CHECK(house.hear() == "PUB a.b 5\r\nhello\r\nHPUB a r 18 18\r\nNATS/1.0\r\nX: y\r\n\r\n\r\n");
    CHECK(house.connection.counters().published == 2);
}

TEST_CASE("nats connection: what a broker would end it for is not said", "[herd][nats]") {
    House house;
    house.log_in();
    const std::string long_one(100'001, 'x');
    CHECK(house.connection.publish({.subject = "a b"}) == Said::unsendable);
    CHECK(house.connection.publish({.subject = "a.>"}) == Said::unsendable);
    CHECK(house.connection.publish({.subject = std::string(4096, 'a')}) == Said::unsendable);
    CHECK(house.connection.publish({.subject = "a", .payload = long_one}) == Said::unsendable);
    CHECK(house.connection.request("a b", "", 1s, reply_to(house)) == Said::unsendable);
    CHECK(house.connection.in_flight() == 0);
    CHECK(house.connection.subscribe("a b", deliver_to(house)) == 0);
    CHECK(house.connection.subscribe(std::string(4096, 'a'), deliver_to(house)) == 0);
    CHECK(house.hear().empty());
    CHECK(house.connection.counters().unsendable == 5);
    // Another broker may take less, and says so at any time.
    house.say(R"(INFO {"server_id":"NB","max_payload":4})"
              "\r\n");
    CHECK(house.connection.publish({.subject = "a", .payload = "12345"}) == Said::unsendable);
    CHECK(house.connection.publish({.subject = "a", .payload = "1234"}) == Said::yes);
}

TEST_CASE("nats connection: a subscription has its messages until it ends", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    const std::uint64_t one = house.connection.subscribe("a.>", deliver_to(house));
    const std::uint64_t other = house.connection.subscribe("b", deliver_to(house));
    CHECK(house.hear() == "SUB a.> 2\r\nSUB b 3\r\n");
    house.say("MSG a.x 2 1\r\n1\r\nHMSG b 3 12 13\r\nNATS/1.0\r\n\r\n2\r\n");
    CHECK(house.take_told() == "a.x=1;b=2;");
    house.connection.unsubscribe(one);
    house.connection.unsubscribe(one);
    CHECK(house.hear() == "UNSUB 2\r\n");
    house.say("MSG a.x 2 1\r\n3\r\nMSG b 3 1\r\n4\r\nMSG c 9 0\r\n\r\nMSG c 0 0\r\n\r\n");
    CHECK(house.take_told() == "b=4;");
    CHECK(house.connection.counters().strays == 3);
    CHECK(house.connection.counters().delivered == 3);
    CHECK(other == 3);
    for (std::size_t i = 1; i < Connection::subscriptions_max; ++i) {
        CHECK(house.connection.subscribe("c", deliver_to(house)) == 3 + i);
    }
    CHECK(house.connection.subscribe("c", deliver_to(house)) == 0);
}

TEST_CASE("nats connection: a message that is too long is told without what stands in it",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.connection.subscribe("a", deliver_to(house));
    house.say("MSG a 2 80000\r\n" + std::string(60'000, 'x'));
    house.say(std::string(20'000, 'x') + "\r\nMSG a 2 1\r\n1\r\n");
    CHECK(house.take_told() == "a=skipped;a=1;");
    CHECK(house.connection.counters().too_long == 1);
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("nats connection: a request has its answer, or is told that nobody answers",
          "[herd][nats]") {
    House house;
    const std::string inbox = inbox_of(house.log_in());
    house.take_told();
    CHECK(house.connection.request("q", "?", 1s, reply_to(house)) == Said::yes);
    CHECK(house.connection.request("q", "", 1s, reply_to(house)) == Said::yes);
    CHECK(house.connection.in_flight() == 2);
    CHECK(house.hear() == "PUB q " + inbox + ".40 1\r\n?\r\nPUB q " + inbox + ".81 0\r\n\r\n");
    house.say("HMSG " + inbox + ".81 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
    CHECK(house.take_told() == "nobody ;");
    house.say("MSG " + inbox + ".40 1 3\r\nyes\r\n");
    CHECK(house.take_told() == "answered yes;");
    CHECK(house.connection.in_flight() == 0);
    // Twice, of another number, of none, and where none is.
    for (const char* const end : {".40", ".c0", ".x", ".", ""}) {
        house.say("MSG " + inbox + end + " 1 3\r\nyes\r\n");
    }
    CHECK(house.take_told().empty());
    CHECK(house.connection.counters().strays == 5);
    CHECK(house.connection.counters().requests == 2);
    CHECK(house.connection.counters().requests_nobody == 1);
}

TEST_CASE("nats connection: a request that nobody answers is told so in time", "[herd][nats]") {
    House house;
    const std::string inbox = inbox_of(house.log_in());
    house.take_told();
    house.connection.request("q", "", 500ms, reply_to(house));
    house.connection.request("q", "", 5s, reply_to(house));
    house.run(499ms);
    CHECK(house.take_told().empty());
    house.run(300ms);
    CHECK(house.take_told() == "late ;");
    house.say("MSG " + inbox + ".40 1 3\r\nyes\r\n");
    CHECK(house.take_told().empty());
    CHECK(house.connection.counters().requests_late == 1);
    house.hang_up();
    CHECK(house.take_told() == "lost ;down lost;");
    CHECK(house.connection.counters().requests_lost == 1);
}

TEST_CASE("nats connection: so many requests are in flight and no more", "[herd][nats]") {
    House house;
    const std::string inbox = inbox_of(house.log_in());
    for (std::size_t i = 0; i < Requests::in_flight_max; ++i) {
        REQUIRE(house.connection.request("q", "", 1s, reply_to(house)) == Said::yes);
    }
    CHECK(house.connection.request("q", "", 1s, reply_to(house)) == Said::full);
    CHECK(house.connection.counters().requests_full == 1);
    house.say("MSG " + inbox + ".40 1 0\r\n\r\n");
    CHECK(house.connection.request("q", "", 1s, reply_to(house)) == Said::yes);
}

TEST_CASE("nats connection: what is unsent is bounded, and its owner hears when it is not",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    const std::string payload(1000, 'x');
    std::size_t said = 0;
    for (; said < 10'000; ++said) {
        if (house.connection.publish({.subject = "a", .payload = payload}) != Said::yes) break;
        if (said % 8 == 0) house.run(10us);
    }
    // The kernel on either side takes some, and the send buffer one more.
    CHECK(said < 300);
    CHECK_FALSE(house.connection.has_room());
    CHECK(house.connection.live());
    CHECK(house.connection.unsent() <= house.wire.limits().send_size + payload.size() + 100);
    CHECK(house.connection.publish({.subject = "a"}) == Said::full);
    CHECK(house.connection.request("a", "", 1s, reply_to(house)) == Said::full);
    CHECK(house.connection.counters().held_back >= 2);
    std::size_t heard = 0;
    for (int i = 0; i < 20; ++i) heard += house.hear().size();
    CHECK(heard == said * (payload.size() + std::string("PUB a 1000\r\n\r\n").size()));
    CHECK(house.take_told() == "room;");
    CHECK(house.connection.has_room());
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("nats connection: it asks whether the broker is there, and answers when it asks",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.say("PING\r\n");
    CHECK(house.hear() == "PONG\r\n");
    CHECK(house.hear(2300ms) == "PING\r\n");
    CHECK(house.hear(2300ms).empty());  // It asks once.
    house.say("PONG\r\n");
    CHECK(house.hear(2300ms) == "PING\r\n");
    house.run(3s);
    CHECK(house.connection.live());
}

TEST_CASE("nats connection: stopped, it sends what is unsent, and may be started again",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    house.connection.publish({.subject = "a", .payload = "last"});
    house.connection.request("q", "", 1s, reply_to(house));
    house.kernel.enter(here);
    house.connection.stop();
    CHECK_FALSE(house.connection.live());
    CHECK_FALSE(house.connection.stopped());
    const std::string heard = house.hear();
    CHECK(heard.starts_with("PUB a 4\r\nlast\r\n"));
    CHECK(heard.ends_with("$"));
    house.hang_up();
    CHECK(house.connection.stopped());
    CHECK(house.take_told() == "lost ;");
    CHECK(house.ended(Ended::stopped) == 1);
    house.log_in();
    CHECK(house.take_told() == "live;");
}

TEST_CASE("nats connection: a broker that does not end does not keep it from stopping",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.kernel.enter(here);
    house.connection.stop();
    house.run(3s);
    CHECK(house.connection.stopped());
    house.start();
    house.kernel.enter(here);
    house.connection.stop();
    CHECK(house.connection.stopped());
    CHECK(house.kernel.open_descriptors(here) == 2);  // the loop's
}

}  // namespace herd::nats::connection_test
