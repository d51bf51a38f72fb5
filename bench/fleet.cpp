#include "bench/fleet.hpp"

#include "bench/population.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

namespace bench {

namespace {

constexpr std::string_view name_head = "bench-";
constexpr std::string_view name_tail = ".herd.test";
constexpr std::size_t name_digits = 8;
static_assert(name_head.size() + name_digits + name_tail.size() == Fleet::name_size);

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
    explicit Pen(std::span<char> out) : start_(out.data()), at_(out.data()) {}

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

Place moving_place(std::uint32_t index, std::uint64_t posix_ns) {
    const std::uint64_t step = posix_ns >> 20;  // about a millisecond
    const auto within = [step, index](std::uint64_t stride) {
        return static_cast<std::int64_t>((index * stride + step) % 2'000'000);
    };
    return {33'000'000 + within(7919), -117'000'000 - within(104'729)};
}

template <std::size_t Width>
Pen& put_degrees(Pen& pen, std::int64_t millionths) {
    const auto size = static_cast<std::uint64_t>(millionths < 0 ? -millionths : millionths);
    pen << (millionths < 0 ? "-" : "+");
    pen.digits<Width>(size / 1'000'000) << ".";
    return pen.digits<6>(size % 1'000'000);
}
Pen& put_latitude(Pen& pen, const Place& place) {
    return put_degrees<2>(pen, place.north);
}
Pen& put_longitude(Pen& pen, const Place& place) {
    return put_degrees<3>(pen, place.east);
}
Pen& operator<<(Pen& pen, const Place& place) {
    return put_longitude(put_latitude(pen, place), place);
}

void put_time(Pen& pen, std::uint64_t posix_ns) {
    pen.digits<10>(posix_ns / 1'000'000'000) << ".";
    pen.digits<9>(posix_ns % 1'000'000'000);
}

// Arrays of byte strings, as Redis clients send them.
void put_geoadd(Pen& pen, std::uint32_t index, const Place& place) {
    pen << "*5\r\n$6\r\nGEOADD\r\n$5\r\nfleet\r\n$11\r\n";
    put_longitude(pen, place) << "\r\n$10\r\n";
    put_latitude(pen, place) << "\r\n$24\r\n";
    pen.name(index) << "\r\n";
}

// What an IAMAT and an AT line end with.
void put_tail(Pen& pen, std::uint32_t index, const Place& place, std::uint64_t posix_ns) {
    pen.name(index) << " ";
    pen << place;
    pen << " ";
    put_time(pen, posix_ns);
}

void put_iamat(Pen& pen, std::uint32_t index, const Place& place, std::uint64_t posix_ns) {
    pen << "IAMAT ";
    put_tail(pen, index, place, posix_ns);
    pen << "\n";
}

void put_at(Pen& pen, std::uint32_t index, const Place& place, std::uint64_t posix_ns) {
    pen << "AT bench +0.000000000 ";
    put_tail(pen, index, place, posix_ns);
}

}  // namespace

std::size_t Fleet::report(std::span<char> out, std::uint32_t index, std::int64_t posix_ns) const {
    const auto stamp = static_cast<std::uint64_t>(posix_ns);
    const Place place = settled_ ? Population::place(index) : moving_place(index, stamp);
    assert(out.size() >= command_size_max);
    Pen pen(out);
    switch (protocol_) {
        case Protocol::iamat:
            put_iamat(pen, index, place, stamp);
            break;
        case Protocol::at:
            put_at(pen, index, place, stamp);
            pen << "\n";
            break;
        case Protocol::geoadd:
            put_geoadd(pen, index, place);
            break;
        case Protocol::set:
            pen << "*3\r\n$3\r\nSET\r\n$24\r\n";
            pen.name(index) << "\r\n$89\r\n";
            put_at(pen, index, place, stamp);
            pen << "\r\n";
            break;
        case Protocol::http:
            // 6 + 24 + 1 + 21 + 1 + 20 + 1 bytes: see put_iamat.
            pen << "POST /iamat HTTP/1.1\r\nHost: herd\r\nContent-Length: 74\r\n\r\n";
            put_iamat(pen, index, place, stamp);
            break;
        case Protocol::nats:
            // 21 + 1 + 24 + 21 + 1 + 20 bytes of AT line: see put_at.
            pen << "PUB herd 89\r\n";
            put_at(pen, index, place, stamp);
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

void Fleet::write_name(std::span<char, name_size> out, std::uint32_t index) {
    Pen(out).name(index);
}

std::optional<std::uint32_t> Fleet::index_of(std::string_view client) {
    if (client.size() != name_size) return std::nullopt;
    if (!client.starts_with(name_head) || !client.ends_with(name_tail)) return std::nullopt;
    std::uint32_t index = 0;
    const char* const digits = client.data() + name_head.size();
    const auto read = std::from_chars(digits, digits + name_digits, index);
    return read.ptr == digits + name_digits ? std::optional(index) : std::nullopt;
}

}  // namespace bench
