#include "bench/fleet.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

namespace bench {

namespace {

constexpr std::string_view name_head = "bench-";
constexpr std::string_view name_tail = ".herd.test";
constexpr std::size_t name_digits = 8;

constexpr auto pairs = [] {
    std::array<char, 200> text{};
    for (std::size_t i = 0; i < 100; ++i) {
        text[2 * i] = static_cast<char>('0' + i / 10);
        text[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return text;
}();

// Writes what it is given, one piece behind the other. TextWriter checks that each fits; here
// one check for the whole command does, as all pieces are of fixed sizes.
class Pen {
public:
    explicit Pen(std::span<char> out) : start_(out.data()), at_(out.data()) {
        assert(out.size() >= Fleet::command_size_max);
    }

    Pen& operator<<(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }
    template <std::size_t Width>
    Pen& digits(std::uint64_t value) {
        std::size_t left = Width;
        for (; left >= 2; left -= 2, value /= 100) {
            std::memcpy(at_ + left - 2, &pairs[2 * (value % 100)], 2);
        }
        if (left == 1) *at_ = static_cast<char>('0' + value % 10);
        at_ += Width;
        return *this;
    }
    Pen& name(std::uint32_t index) {
        *this << name_head;
        return digits<name_digits>(index) << name_tail;
    }

    std::size_t size() const { return static_cast<std::size_t>(at_ - start_); }

private:
    char* start_;
    char* at_;
};

// Millionths of a degree north of 33 N and west of 117 W.
struct Offset {
    std::uint64_t north;
    std::uint64_t west;
};

Offset place(std::uint32_t index, std::uint64_t posix_ns) {
    const std::uint64_t step = posix_ns >> 20;  // about a millisecond
    return {(index * std::uint64_t{7919} + step) % 2'000'000,
            (index * std::uint64_t{104'729} + step) % 2'000'000};
}

Pen& operator<<(Pen& pen, const Offset& offset) {
    pen << "+";
    pen.digits<2>(33 + offset.north / 1'000'000) << ".";
    pen.digits<6>(offset.north % 1'000'000) << "-";
    pen.digits<3>(117 + offset.west / 1'000'000) << ".";
    return pen.digits<6>(offset.west % 1'000'000);
}

void put_time(Pen& pen, std::uint64_t posix_ns) {
    pen.digits<10>(posix_ns / 1'000'000'000) << ".";
    pen.digits<9>(posix_ns % 1'000'000'000);
}

// Arrays of byte strings, as Redis clients send them.
void put_geoadd(Pen& pen, std::uint32_t index, const Offset& offset) {
    pen << "*5\r\n$6\r\nGEOADD\r\n$5\r\nfleet\r\n$11\r\n-";
    pen.digits<3>(117 + offset.west / 1'000'000) << ".";
    pen.digits<6>(offset.west % 1'000'000) << "\r\n$9\r\n";
    pen.digits<2>(33 + offset.north / 1'000'000) << ".";
    pen.digits<6>(offset.north % 1'000'000) << "\r\n$24\r\n";
    pen.name(index) << "\r\n";
}

void put_at(Pen& pen, std::uint32_t index, const Offset& offset, std::uint64_t posix_ns) {
    pen << "AT bench +0.000000000 ";
    pen.name(index) << " ";
    pen << offset;
    pen << " ";
    put_time(pen, posix_ns);
}

}  // namespace

std::size_t Fleet::report(std::span<char> out, std::uint32_t index, std::int64_t posix_ns) const {
    const auto stamp = static_cast<std::uint64_t>(posix_ns);
    const Offset offset = place(index, stamp);
    Pen pen(out);
    switch (protocol_) {
        case Protocol::iamat:
            pen << "IAMAT ";
            pen.name(index) << " ";
            pen << offset;
            pen << " ";
            put_time(pen, stamp);
            pen << "\n";
            break;
        case Protocol::at:
            put_at(pen, index, offset, stamp);
            pen << "\n";
            break;
        case Protocol::geoadd:
            put_geoadd(pen, index, offset);
            break;
        case Protocol::nats:
            // 21 + 1 + 24 + 21 + 1 + 20 bytes of AT line: see put_at.
            pen << "PUB herd 89\r\n";
            put_at(pen, index, offset, stamp);
            pen << "\r\n";
            break;
    }
    return pen.size();
}

std::size_t Fleet::question(std::span<char> out, std::uint32_t index) {
    Pen pen(out);
    pen << "WHATSAT ";
    pen.name(index) << " 10 5\n";
    return pen.size();
}

std::optional<std::uint32_t> Fleet::index_of(std::string_view client) {
    if (client.size() != name_head.size() + name_digits + name_tail.size()) return std::nullopt;
    if (!client.starts_with(name_head) || !client.ends_with(name_tail)) return std::nullopt;
    std::uint32_t index = 0;
    const char* const digits = client.data() + name_head.size();
    const auto read = std::from_chars(digits, digits + name_digits, index);
    return read.ptr == digits + name_digits ? std::optional(index) : std::nullopt;
}

}  // namespace bench
