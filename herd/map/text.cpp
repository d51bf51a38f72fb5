#include "herd/map/text.hpp"

#include "herd/table/record.hpp"
#include "protocol/json_text.hpp"

#include <algorithm>
#include <chrono>

namespace herd::map {

namespace {

using protocol::put_json_text;
using protocol::TextWriter;

void put_number(TextWriter& out, std::string_view name, std::uint64_t value) {
    out.put(name);
    out.put_decimal(value);
}

void put_flag(TextWriter& out, std::string_view name, bool value) {
    out.put(name);
    out.put(value ? "true" : "false");
}

std::uint64_t count_us(reactor::Duration time) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return us < 0 ? 0 : static_cast<std::uint64_t>(us);
}

void put_link(TextWriter& out, const watch::LinkStatus& link) {
    out.put(R"({"to":)");
    put_json_text(out, link.neighbour);
    out.put(R"(,"state":)");
    put_json_text(out, link.state);
    put_flag(out, R"(,"legacy":)", link.legacy);
    put_flag(out, R"(,"hears":)", link.hears);
    put_number(out, R"(,"lag":)", link.lag_records);
    put_number(out, R"(,"lag_us":)", count_us(link.lag));
    put_number(out, R"(,"rtt_us":)", count_us(link.round_trip));
    out.put(R"(,"clock_us":)");
    out.put_signed(link.clock_difference_ns / 1000);
    put_number(out, R"(,"drops":)", link.drops);
    out.put('}');
}

}  // namespace

void write_hello(TextWriter& out, const Hello& hello) {
    out.put(R"({"server":)");
    put_json_text(out, hello.server);
    out.put(R"(,"epoch":")");
    out.put_hex(hello.epoch, 16);
    put_flag(out, R"(","whole":)", hello.whole);
    if (hello.follow != table::no_record) put_number(out, R"(,"follow":)", hello.follow);
    out.put(R"(,"servers":[)");
    for (const config::Server& server : hello.servers) {
        if (&server != hello.servers.data()) out.put(',');
        out.put(R"({"name":)");
        put_json_text(out, server.name);
        out.put(R"(,"links":[)");
        for (const std::string& neighbour : server.neighbours) {
            if (&neighbour != server.neighbours.data()) out.put(',');
            const auto found = std::ranges::find(hello.servers, neighbour, &config::Server::name);
            out.put_decimal(static_cast<std::uint64_t>(found - hello.servers.begin()));
        }
        out.put("]}");
    }
    out.put("]}");
}

void write_state(TextWriter& out,
                 const watch::Status& status,
                 bool ready,
                 std::uint32_t viewers,
                 std::int64_t wall_ns) {
    out.put(R"({"t":)");
    out.put_signed(wall_ns / 1'000'000);
    put_number(out, R"(,"up":)", count_us(status.up) / 1'000'000);
    put_flag(out, R"(,"ready":)", ready);
    put_flag(out, R"(,"draining":)", status.draining);
    out.put(R"(,"journal":)");
    put_json_text(out, status.journal);
    put_number(out, R"(,"clients":)", status.records);
    put_number(out, R"(,"capacity":)", status.capacity);
    put_number(out, R"(,"connected":)", status.clients);
    put_number(out, R"(,"changes":)", status.seq);
    put_number(out, R"(,"viewers":)", viewers);
    out.put(R"(,"links":[)");
    for (std::size_t i = 0; i < status.link_count; ++i) {
        if (i > 0) out.put(',');
        put_link(out, status.links[i]);
    }
    out.put("]}");
}

}  // namespace herd::map
