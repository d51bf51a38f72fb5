#pragma once

#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// A page of the live map without its picture: takes the stream of events apart, strictly, and
// keeps what a page would show.
namespace herd::map_reader {

struct Shown {
    std::uint64_t server = 0;
    double latitude = 0;
    double longitude = 0;
    std::uint64_t age_s = 0;
};

class Reader {
public:
    // All of an answer from its first byte on, in whatever parts.
    void take(std::string_view bytes) {
        raw_ += bytes;
        if (!begun_ && raw_.find("\r\n\r\n") != std::string::npos) {
            head = raw_.substr(0, raw_.find("\r\n\r\n") + 4);
            raw_.erase(0, head.size());
            begun_ = true;
        }
        while (begun_ && take_chunk()) {
        }
    }

    std::string head;
    std::map<std::uint64_t, Shown> shown;  // by slot
    std::string hello;
    std::string state;
    std::string id;
    int retry = 0;
    bool whole = false;
    bool busy = false;
    bool ended = false;
    std::size_t hellos = 0;
    std::size_t nows = 0;   // records
    std::size_t gones = 0;  // likewise
    std::size_t largest = 0;
    std::vector<std::string> log;  // each record, in the order they came: "now 3", "gone 3"

private:
    bool take_chunk() {
        const std::size_t line = raw_.find("\r\n");
        if (line == std::string::npos || ended) return false;
        const std::size_t size = std::stoul(raw_.substr(0, line), nullptr, 16);
        if (raw_.size() < line + 2 + size + 2) return false;
        REQUIRE(raw_.substr(line + 2 + size, 2) == "\r\n");
        largest = std::max(largest, size);
        text_ += raw_.substr(line + 2, size);
        raw_.erase(0, line + 2 + size + 2);
        ended = size == 0;
        for (std::size_t end = 0; (end = text_.find("\n\n")) != std::string::npos;) {
            take_event(text_.substr(0, end + 1));
            text_.erase(0, end + 2);
        }
        // Events are not cut up between chunks, but for what stands before the first.
        CHECK((text_.empty() || (hellos == 0 && text_ == "retry:1000\n")));
        return true;
    }
    void take_event(std::string_view text) {
        std::string name;
        std::string data;
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(line.size() + 1);
            const std::size_t colon = line.find(':');
            const std::string_view field = line.substr(0, colon);
            const std::string value(line.substr(colon + 1));
            if (field == "event") {
                name = value;
            } else if (field == "data") {
                data = value;
            } else if (field == "id") {
                id = value;
            } else {
                REQUIRE(field == "retry");
                retry = std::stoi(value);
            }
        }
        if (name.empty()) return;
        if (name == "hello") {
            hello = data;
            ++hellos;
            if (data.find("\"whole\":true") != std::string::npos) shown.clear();
        } else if (name == "state") {
            state = data;
        } else if (name == "whole") {
            whole = true;
        } else if (name == "busy") {
            busy = true;
        } else if (name == "now") {
            take_now(data);
        } else {
            REQUIRE(name == "gone");
            take_gone(data);
        }
    }
    static std::uint64_t take(std::string_view& data, std::size_t count) {
        std::uint64_t value = 0;
        for (; count > 0; --count) {
            REQUIRE_FALSE(data.empty());
            value = value * 64 + static_cast<std::uint64_t>(data.front() - '0');
            data.remove_prefix(1);
        }
        return value;
    }
    static std::uint64_t take_short(std::string_view& data) {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 5) {
            const std::uint64_t digit = take(data, 1);
            value |= (digit & 31) << shift;
            if (digit < 32) return value;
        }
    }
    void take_now(std::string_view data) {
        static_cast<void>(take(data, 7));
        std::uint64_t slot = 0;
        while (!data.empty()) {
            slot += take_short(data);
            Shown& client = shown[slot];
            client.server = take(data, 1);
            client.latitude = static_cast<double>(take(data, 5)) / 1e5 - 90;
            client.longitude = static_cast<double>(take(data, 5)) / 1e5 - 180;
            client.age_s = take(data, 3);
            log.push_back("now " + std::to_string(slot++));
            ++nows;
        }
    }
    void take_gone(std::string_view data) {
        std::uint64_t slot = 0;
        while (!data.empty()) {
            slot += take_short(data);
            shown.erase(slot);
            log.push_back("gone " + std::to_string(slot++));
            ++gones;
        }
    }

    std::string raw_;
    std::string text_;
    bool begun_ = false;
};

inline constexpr std::uint16_t http_port = 1200;

inline config::Config with_map() {
    config::Config config = small_world::herd_of_two();
    config.servers[0].http = reactor::Address::loopback(http_port);
    config.limits.connections = 40;
    config.limits.clients = 40'000;
    config.limits.map_viewers = 3;
    config.limits.http_connections = 12;
    return config;
}

// A page of a world's first server.
class Viewer : public Reader {
public:
    // `known` is what it was shown on another connection.
    Viewer(small_world::World& world,
           const std::string& query,
           const std::string& more = "",
           const std::map<std::uint64_t, Shown>& known = {})
        : world_(world), fd_(world.connect(http_port)) {
        shown = known;
        world.say(fd_,
                  "GET /map/events" + query + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
        read();
    }
    void read() { take(world_.hear(fd_)); }
    // Reads all the time.
    void watch(reactor::Duration duration) {
        for (; duration > reactor::Duration::zero(); duration -= std::chrono::milliseconds(5)) {
            world_.run(std::chrono::milliseconds(5));
            read();
        }
    }
    void close() {
        world_.kernel.enter(small_world::visitors);
        world_.kernel.close(fd_);
        world_.run(std::chrono::milliseconds(1));
    }

private:
    small_world::World& world_;
    int fd_;
};

}  // namespace herd::map_reader
