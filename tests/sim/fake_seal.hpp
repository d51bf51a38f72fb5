#pragma once

#include "herd/sealing.hpp"
#include "reactor/seal.hpp"
#include "tests/sim/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sim {

// A Seal without cryptography, whose bytes depend on nothing but its seed. It has what TLS has for
// those around it: a handshake of several steps, records that come in pieces and are kept until
// they are whole, names that are proved, refusals, farewells, and an end when anything is changed.
//
// A record is its type, a version, its length, the payload turned round bit by bit, and their sum.
class FakeSeal final : public reactor::Seal {
public:
    struct Shape {
        bool dials = false;
        std::string name = {};      // its own; a client has none
        std::string expected = {};  // of the other side; empty: anybody
        bool refuses = false;       // whoever it is
        bool confirmed = false;     // an accepted one wants a second record, as TLS does
        std::size_t record_max = reactor::Seal::record_max;  // bytes it seals in one record
    };

    explicit FakeSeal(const Shape& shape) : shape_(shape) {}

    Shaken shake(int fd) override;
    std::string_view refusal() const override { return refusal_; }
    Opened open(std::span<const char> sealed, std::span<char> plain) override;
    std::string_view reply() override;
    std::string_view seal(std::string_view plain) override;
    std::string_view farewell() override;
    bool proves(std::string_view name) const override { return !name.empty() && peer_ == name; }

    // A record to which the other side has a reply; whether that has come.
    std::string_view ask_for_keys();
    bool heard_keys() const { return keys_heard_; }

private:
    enum class Step : std::uint8_t { fresh, says, hears, ends };

    Shaken refuse(std::string_view why);
    bool send_rest(int fd);
    bool receive_record(int fd, bool& ended);
    void append(char type, std::string_view payload);

    Shape shape_;
    Step step_ = Step::fresh;
    std::string peer_;
    std::string refusal_;
    std::string in_;   // Part of a record.
    std::string out_;  // Of the handshake, not sent yet; later what the latest call has sealed.
    bool heard_ = false;
    bool reply_due_ = false;
    bool keys_heard_ = false;
    bool farewell_said_ = false;
};

// Of one server of a simulated herd.
class FakeSealer final : public herd::Sealer {
public:
    FakeSealer(std::string name, std::uint64_t seed) : name_(std::move(name)), random_(seed) {}

    reactor::SealPtr accept_client() override { return make({}); }
    bool has_room_for_client() const override { return true; }
    reactor::SealPtr accept_peer() override { return make({}); }
    reactor::SealPtr dial_peer(std::string_view name) override {
        return make({.dials = true, .expected = std::string(name)});
    }
    std::int64_t expires_s() const override { return 0; }
    std::uint64_t refused() const override { return 0; }

private:
    reactor::SealPtr make(FakeSeal::Shape shape);

    std::string name_;
    Random random_;
};

}  // namespace sim
