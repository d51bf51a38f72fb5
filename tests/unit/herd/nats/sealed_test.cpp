// TLS at a broker: INFO in the clear, then hands are shaken, or the other way round.
#include "tests/sim/fake_seal.hpp"
#include "tests/unit/herd/nats/broker_house.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>

namespace herd::nats::sealed_test {

using namespace broker_house;
using sim::FakeSeal;

namespace {

// What makes the seals of one side.
struct Maker {
    reactor::SealPtr make() {
        return std::make_unique<FakeSeal>(
            FakeSeal::Shape{.dials = true, .expected = std::string("broker")});
    }
};

class SealedHouse {
public:
    explicit SealedHouse(bool handshake_first = false)
        : handshakes_(loop_of(), {.whole = std::chrono::seconds(60)}, nullptr),
          sealing{handshakes_,
                  reactor::Delegate<reactor::SealPtr()>::to<&Maker::make>(maker_),
                  handshake_first} {
        house.options.sealing = &sealing;
        house.kernel.enter(here);
        REQUIRE(handshakes_.open().has_value());
        house.listen();
        house.start();
        REQUIRE(house.accept());
    }
    ~SealedHouse() {
        house.kernel.enter(here);
        house.connection.stop();
    }
    SealedHouse(const SealedHouse&) = delete;
    SealedHouse& operator=(const SealedHouse&) = delete;

    bool shake(FakeSeal& seal) {
        for (int i = 0; i < 50; ++i) {
            house.kernel.enter(there);
            if (seal.shake(house.fd) == reactor::Seal::Shaken::done) return true;
            if (!seal.refusal().empty()) return false;
            house.run(1ms);
        }
        return false;
    }
    void say(FakeSeal& seal, const std::string& text) { house.say(std::string(seal.seal(text))); }
    std::string hear(FakeSeal& seal) {
        const std::string sealed = house.hear(20ms);
        std::string plain(sealed.size() + reactor::Seal::record_max, '\0');
        return plain.substr(0, seal.open(sealed, plain).count);
    }

    House house{};

private:
    reactor::Loop& loop_of() { return house.loop; }

    Maker maker_;
    reactor::Handshakes handshakes_;

public:
    const Sealing sealing;
};

const FakeSeal::Shape broker{.name = "broker"};

}  // namespace

TEST_CASE("nats sealed: behind INFO in the clear all is sealed", "[herd][nats]") {
    SealedHouse sealed;
    House& house = sealed.house;
    house.say(info(R"(,"tls_required":true)"));
    FakeSeal seal(broker);
    REQUIRE(sealed.shake(seal));
    const std::string heard = sealed.hear(seal);
    CHECK(heard.find("\"tls_required\":true") != std::string::npos);
    CHECK(heard.ends_with("PING\r\n"));
    sealed.say(seal, "PONG\r\n");
    CHECK(house.connection.live());
    CHECK(house.connection.publish({.subject = "a", .payload = "b"}) == Said::yes);
    CHECK(sealed.hear(seal) == "PUB a 1\r\nb\r\n");
}

TEST_CASE("nats sealed: the handshake may come first, and INFO behind it", "[herd][nats]") {
    SealedHouse sealed(true);
    FakeSeal seal(broker);
    REQUIRE(sealed.shake(seal));
    sealed.say(seal, info(R"(,"tls_required":true)"));
    CHECK(sealed.hear(seal).ends_with("PING\r\n"));
    sealed.say(seal, "PONG\r\n");
    CHECK(sealed.house.connection.live());
}

TEST_CASE("nats sealed: who has another name is not told who we are", "[herd][nats]") {
    SealedHouse sealed;
    House& house = sealed.house;
    house.say(info(R"(,"tls_available":true)"));
    FakeSeal seal({.name = "another"});
    static_cast<void>(sealed.shake(seal));
    house.run(100ms);
    CHECK(house.ended(Ended::unshaken) == 1);
    CHECK_FALSE(house.connection.live());
    CHECK(house.accept());
}

TEST_CASE("nats sealed: one without TLS is left, with what it says behind its INFO",
          "[herd][nats]") {
    for (const auto& [said, why] :
         {std::pair(info(), Ended::no_tls),
          std::pair(info(R"(,"tls_required":true)") + "PONG\r\n", Ended::nonsense),
          std::pair(std::string("PING\r\n"), Ended::nonsense),
          std::pair(std::string("INFO {}\r\n"), Ended::nonsense),
          std::pair(std::string(20'000, 'x'), Ended::nonsense),
          std::pair("MSG a 1 90000\r\n" + std::string(20'000, 'x'), Ended::nonsense),
          std::pair("INFO " + std::string(20'000, 'x'), Ended::nonsense)}) {
        CAPTURE(said.substr(0, 40));
        SealedHouse sealed;
        sealed.house.say(said);
        CHECK(sealed.house.ended(why) == 1);
        CHECK(sealed.house.hear().ends_with("$"));
        CHECK(sealed.house.accept());
    }
}

TEST_CASE("nats sealed: one that hangs is left in time, wherever it does", "[herd][nats]") {
    for (const char* const said : {"", "INFO {\"serv", "whole"}) {
        CAPTURE(said);
        SealedHouse sealed;
        House& house = sealed.house;
        house.say(std::string(said) == "whole" ? info(R"(,"tls_required":true)") : said);
        house.run(5300ms);
        CHECK(house.ended(Ended::late) == 1);
        CHECK(house.accept());
    }
}

TEST_CASE("nats sealed: one that ends is left, and stop() ends any of it", "[herd][nats]") {
    for (const int how : {0, 1, 2}) {
        SealedHouse sealed;
        House& house = sealed.house;
        if (how > 0) house.say(info(R"(,"tls_required":true)"));
        if (how < 2) {
            house.hang_up();
            house.run(100ms);
            CHECK(house.ended(how == 0 ? Ended::lost : Ended::unshaken) == 1);
            CHECK(house.accept());
        }
        house.kernel.enter(here);
        house.connection.stop();
        CHECK(house.connection.stopped());
        house.run(100ms);
    }
}

}  // namespace herd::nats::sealed_test
