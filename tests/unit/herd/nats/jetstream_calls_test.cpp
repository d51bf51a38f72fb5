#include "herd/nats/jetstream.hpp"
#include "tests/unit/herd/nats/broker_house.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::nats::jetstream_calls_test {

using namespace broker_house;
using protocol::jetstream::ConsumerState;
using protocol::jetstream::Purged;
using protocol::jetstream::StreamState;

namespace {

class Caller {
public:
    explicit Caller(House& house) : house_(house), jetstream(house.connection, 2s) {}

    void on_stream(const Called<StreamState>& called) {
        tell(called, called ? std::to_string(called->last_seq) : "");
    }
    void on_consumer(const Called<ConsumerState>& called) {
        tell(called, called ? std::string(called->name.text()) : "");
    }
    void on_purged(const Called<Purged>& called) {
        tell(called, called ? std::to_string(called->count) : "");
        if (again-- > 0) CHECK(purge() == Said::yes);
    }
    Said info() {
        return jetstream.stream_info("KV_x", CalledTo<StreamState>::to<&Caller::on_stream>(*this));
    }
    Said create() {
        return jetstream.create({.name = "KV_x", .subjects = "$KV.x.>"},
                                CalledTo<StreamState>::to<&Caller::on_stream>(*this));
    }
    Said consume() {
        return jetstream.consume({.stream = "KV_x", .deliver_subject = "d"},
                                 CalledTo<ConsumerState>::to<&Caller::on_consumer>(*this));
    }
    Said purge() {
        return jetstream.purge(
            "KV_x", "$KV.x.5a.c1", CalledTo<Purged>::to<&Caller::on_purged>(*this));
    }

private:
    template <class T>
    void tell(const Called<T>& called, const std::string& text) {
        if (called) {
            house_.told += text + ";";
        } else if (called.error().kind != Reply::Kind::answered) {
            house_.told += "failed " + std::to_string(static_cast<int>(called.error().kind)) + ";";
        } else {
            house_.told += "refused " + std::to_string(called.error().refusal.code) + ";";
        }
    }

    House& house_;

public:
    JetStream jetstream;
    int again = 0;
};

// What an answer to the request heard is to begin with.
std::string answer(const std::string& request, const std::string& payload) {
    const std::size_t at = request.find("_INBOX.");
    const std::string subject = request.substr(at, request.find(' ', at) - at);
    return "MSG " + subject + " 1 " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}

}  // namespace

TEST_CASE("nats jetstream: each call is asked on its subject, and has its answer", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    Caller caller(house);
    REQUIRE(caller.info() == Said::yes);
    std::string heard = house.hear();
    CHECK(heard.starts_with("PUB $JS.API.STREAM.INFO.KV_x _INBOX."));
    house.say(answer(heard, R"({"created":"x","state":{"last_seq":7}})"));
    CHECK(house.take_told() == "7;");
    REQUIRE(caller.create() == Said::yes);
    heard = house.hear();
    CHECK(heard.starts_with("PUB $JS.API.STREAM.CREATE.KV_x _INBOX."));
    CHECK(heard.find("{\"name\":\"KV_x\",\"subjects\":[\"$KV.x.>\"]") != std::string::npos);
    house.say(answer(heard, R"({"created":"x","state":{"last_seq":8}})"));
    CHECK(house.take_told() == "8;");
    REQUIRE(caller.consume() == Said::yes);
    heard = house.hear();
    CHECK(heard.starts_with("PUB $JS.API.CONSUMER.CREATE.KV_x _INBOX."));
    house.say(answer(heard, R"({"name":"c","num_pending":3})"));
    CHECK(house.take_told() == "c;");
    REQUIRE(caller.purge() == Said::yes);
    heard = house.hear();
    CHECK(heard.starts_with("PUB $JS.API.STREAM.PURGE.KV_x _INBOX."));
    CHECK(heard.ends_with("{\"filter\":\"$KV.x.5a.c1\"}\r\n"));
    house.say(answer(heard, R"({"success":true,"purged":2})"));
    CHECK(house.take_told() == "2;");
}

TEST_CASE("nats jetstream: a refusal, nonsense and silence are told", "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    Caller caller(house);
    REQUIRE(caller.info() == Said::yes);
    house.say(answer(house.hear(), R"({"error":{"code":404,"err_code":10059}})"));
    CHECK(house.take_told() == "refused 404;");
    REQUIRE(caller.info() == Said::yes);
    house.say(answer(house.hear(), "nonsense"));
    CHECK(house.take_told() == "refused 0;");
    REQUIRE(caller.info() == Said::yes);
    house.run(2300ms);
    CHECK(house.take_told() ==
          "failed " + std::to_string(static_cast<int>(Reply::Kind::late)) + ";");
    REQUIRE(caller.info() == Said::yes);
    house.hang_up();
    CHECK(house.take_told() ==
          "failed " + std::to_string(static_cast<int>(Reply::Kind::lost)) + ";down lost;");
    CHECK(caller.info() == Said::down);
}

TEST_CASE("nats jetstream: one call of a kind at a time, and the next from within",
          "[herd][nats]") {
    House house;
    house.log_in();
    house.take_told();
    Caller caller(house);
    REQUIRE(caller.info() == Said::yes);
    CHECK(caller.info() == Said::full);
    CHECK(caller.create() == Said::yes);
    caller.again = 1;
    REQUIRE(caller.purge() == Said::yes);
    std::string heard = house.hear();
    heard = heard.substr(heard.find("PUB $JS.API.STREAM.PURGE"));
    house.say(answer(heard, R"({"success":true,"purged":1})"));
    heard = house.hear();
    REQUIRE(heard.starts_with("PUB $JS.API.STREAM.PURGE.KV_x "));
    house.say(answer(heard, R"({"success":true,"purged":2})"));
    CHECK(house.take_told() == "1;2;");
}

}  // namespace herd::nats::jetstream_calls_test
