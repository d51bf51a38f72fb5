#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace reactor {

// What one connection's bytes are sealed with on their way to its socket, and opened with on their
// way from it (TLS), and how that is agreed on. This is all that the reactor knows of it: who
// implements it chooses the cryptography, and names.
//
//   shaking --shake() says done--> sealed --farewell()--> opens only
//      \--refused, plain              \--broken: close() is all that is left
//
// Owned by whoever has the socket: first those who shake hands (Handshakes), then the Stream's
// Wire. shake() may run on a helper's thread, while nobody else touches it. All else is the loop's.
class Seal {
public:
    // Of plain bytes in one record, at most. What open() keeps of a record is not more.
    static constexpr std::size_t record_max = std::size_t{16} << 10;
    // With which a handshake begins (RFC 8446, 5.1), and no line does.
    static constexpr char first_byte = 22;

    Seal() = default;
    Seal(const Seal&) = delete;
    Seal& operator=(const Seal&) = delete;
    virtual ~Seal() = default;

    enum class Shaken : std::uint8_t {
        wants_input,
        wants_little,  // input, and the next step takes microseconds
        wants_output,
        done,
        refused,
        plain,  // refused, as the other side knows nothing of this
    };
    // Goes on with the handshake as far as the socket lets it, which it reads and writes itself. Of
    // what stands behind the handshake it takes nothing. May take a millisecond of processor time.
    virtual Shaken shake(int fd) = 0;
    // Why it was refused, or is broken, in plain words; "" before. Valid as long as this.
    virtual std::string_view refusal() const = 0;

    enum class End : std::uint8_t {
        none,
        farewell,  // the other side says no more
        broken,    // what came was not what the other side sealed
    };
    struct Opened {
        std::size_t count = 0;  // plain bytes
        End end = End::none;
        bool partial = false;  // of a record some has come, and is kept
    };
    // Opens all of `sealed` into `plain`, which has room for that many bytes and record_max more.
    // Behind a farewell nothing is looked at.
    virtual Opened open(std::span<const char> sealed, std::span<char> plain) = 0;
    // What the other side is to be sent because of what it sent (new keys, an alert). Once.
    virtual std::string_view reply() = 0;

    // Seals all of `plain`, which is not empty: exactly once and in order, whatever becomes of the
    // sealed bytes. Empty: it cannot any more. All that is returned here and above is valid until
    // the next call to any seal of this thread.
    virtual std::string_view seal(std::string_view plain) = 0;
    // That no more will come; empty, when that has been said or cannot be said.
    virtual std::string_view farewell() = 0;

    // Whether the other side has proved that this is its name.
    virtual bool proves(std::string_view name) const = 0;
};

using SealPtr = std::unique_ptr<Seal>;

}  // namespace reactor
