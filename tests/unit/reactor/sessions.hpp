#pragma once

#include "reactor/lines.hpp"
#include "reactor/stream.hpp"
#include "reactor/wire.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reactor::test {

// A loop with the memory its streams share.
struct Bench {
    explicit Bench(const Wire::Limits& limits = {}) : wire(loop) {
        REQUIRE(wire.open(limits).has_value());
    }
    OpenLoop loop;
    Wire wire;
};

// The owner of a stream: takes lines, remembers what it was told, does what the test wants.
struct Session final : StreamEvents {
    Session(Bench& bench, Socket socket, bool privileged = false, SealPtr seal = {})
        : stream(bench.wire, *this, privileged) {
        const bool opened = stream.open(std::move(socket), std::move(seal)).has_value();
        REQUIRE(opened);
    }

    std::size_t on_input(std::string_view bytes, std::size_t seen, bool end) override {
        REQUIRE_FALSE(inside);
        REQUIRE(seen <= bytes.size());
        REQUIRE_FALSE(closed);
        inside = true;
        ++inputs;
        ended = ended || end;
        const std::size_t taken = input ? input(bytes, seen) : take_lines(bytes, seen);
        if (at_end && ended && stream.listens()) at_end();
        inside = false;
        return taken;
    }
    std::size_t take_lines(std::string_view bytes, std::size_t seen) {
        Lines taken(bytes, seen);
        while (stream.listens()) {
            const auto line = taken.take();
            if (!line) break;
            lines.emplace_back(*line);
            if (on_line) on_line(*line);
        }
        return taken.taken();
    }
    void on_drained() override {
        REQUIRE_FALSE(inside);
        ++drains;
        if (drained) drained();
    }
    void on_seal_broken(std::string_view why) override { broken = why; }
    void on_closed(Closed why) override {
        REQUIRE_FALSE(inside);
        REQUIRE_FALSE(closed);
        REQUIRE(stream.dead());
        closed = why;
        if (gone) gone();
    }

    std::vector<std::string> lines;
    std::function<std::size_t(std::string_view, std::size_t)> input;
    std::function<void(std::string_view)> on_line;
    std::function<void()> at_end;
    std::function<void()> drained;
    std::function<void()> gone;
    std::optional<Closed> closed;
    std::string broken;
    int inputs = 0;
    int drains = 0;
    bool ended = false;
    bool inside = false;
    Stream stream;
};

using Texts = std::vector<std::string>;

// Bytes that show a loss, a repetition or a swap.
inline std::string pattern(std::size_t size, std::size_t start = 0) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((start + i) * 31 % 251);
    return out;
}

}  // namespace reactor::test
