#include "herd/map/finder.hpp"

#include "protocol/letters.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::map {

namespace {

using protocol::lower;
using protocol::TextWriter;

constexpr std::int64_t whole_second_ns = 1'000'000'000;

// Where `wanted`, which is in small letters and not empty, begins in the name.
std::size_t place_in(std::string_view name, std::string_view wanted) {
    const auto same = [](char one, char other) { return lower(one) == other; };
    const auto* const found =
        std::search(name.begin(), name.end(), wanted.begin(), wanted.end(), same);
    if (found == name.end()) return std::string_view::npos;
    return static_cast<std::size_t>(found - name.begin());
}

}  // namespace

Finder::Finder(Core& core, std::span<char> out)
    : core_(core),
      out_(out),
      task_(core.loop, reactor::Phase::work, reactor::Delegate<void()>::to<&Finder::run>(*this)) {}

bool Finder::begin(http::Connection& connection,
                   std::string_view wanted,
                   const access::Grant& grant) {
    assert(!wanted.empty() && wanted.size() <= wanted_max);
    if (count_ == searches_max) return false;
    Search& search = searches_[(first_ + count_++) % searches_max];
    search = {.connection = &connection, .grant = grant};
    search.wanted_size = static_cast<std::uint8_t>(wanted.size());
    std::ranges::transform(wanted, search.wanted.begin(), lower);
    task_.post();
    return true;
}

void Finder::leave(const http::Connection& connection) {
    for (Search& each : searches_) {
        if (each.connection == &connection) each.connection = nullptr;
    }
}

void Finder::run() {
    assert(count_ > 0);
    Search& search = searches_[first_];
    const std::uint32_t slots = core_.table.slots();
    const std::uint32_t end = std::min(slots, search.at + looks_per_turn);
    if (search.connection != nullptr) {
        while (search.at < end && search.begin_count < found_max) look(search, search.at++);
        if (search.at < slots && search.begin_count < found_max) return task_.post();
        answer(search);
    }
    first_ = (first_ + 1) % searches_max;
    if (--count_ > 0) task_.post();
}

void Finder::look(Search& search, std::uint32_t slot) const {
    if (!core_.table.used(slot)) return;
    const table::Record& record = core_.table.at(slot);
    const std::string_view name = core_.table.client(record);
    const std::size_t place = place_in(name, {search.wanted.data(), search.wanted_size});
    if (place == std::string_view::npos) return;
    if (place > 0 && search.count == found_max) return;
    if (!search.grant.pattern.covers(name) || core_.expired(record.effective_ns)) return;
    // Those that begin with it push out the last of the others.
    search.count = static_cast<std::uint8_t>(std::min<std::size_t>(search.count + 1U, found_max));
    const std::size_t at = place == 0 ? search.begin_count++ : search.count - 1U;
    auto* const begin = search.found.begin();
    std::move_backward(begin + at, begin + search.count - 1, begin + search.count);
    search.found[at] = slot;
}

// By now some may be somebody else's slots: these are of that name as well, or the page asks again.
void Finder::answer(Search& search) {
    TextWriter out(out_);
    out.put(R"({"found":[)");
    for (std::size_t i = 0; i < search.count; ++i) {
        const std::uint32_t slot = search.found[i];
        if (!core_.table.used(slot)) continue;
        const table::Record& record = core_.table.at(slot);
        const std::string_view name = core_.table.client(record);
        if (!search.grant.pattern.covers(name)) continue;
        const std::size_t room = out_.size() - out.size();
        if (room < client_size_max(core_.table.line(record).size())) break;
        if (!out.text().ends_with('[')) out.put(',');
        put_client(out, core_, slot);
    }
    out.put("]}\n");
    assert(!out.overflowed());
    http::Connection& connection = *std::exchange(search.connection, nullptr);
    connection.answer(
        {.type = http::json_type, .extra = "Cache-Control: no-store\r\n", .body = out.text()});
}

void put_client(TextWriter& out, Core& core, std::uint32_t slot) {
    const table::Record& record = core.table.at(slot);
    const std::string_view at_line = core.table.line(record);
    const auto message = protocol::parse_peer_message(at_line);
    const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
    assert(line != nullptr);
    out.put(R"({"slot":)");
    out.put_decimal(slot);
    out.put(R"(,"age":)");
    out.put_signed((reactor::sys::wall_ns() - record.effective_ns) / whole_second_ns);
    out.put(',');
    web::put_position_members(out, *line);
    out.put('}');
}

}  // namespace herd::map
