// Who is near: what a client is answered to NEARBY.
#include "herd/clients/admissions.hpp"
#include "herd/clients/session.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

namespace herd::clients {

namespace {

// The longest answer. All but lines that do not fit a record's slot find room in it.
constexpr std::size_t answer_size_max = std::size_t{256} << 10;
static_assert(protocol::nearby_bound_max *
                      (protocol::near_size_max + table::Record::inline_size_max + 1) +
                  protocol::nearby_answer_size_max + 2 <=
              answer_size_max);

using Found = std::span<const geo::Nearest::Found>;

// Asks memory for the line of a record, and does not wait for it.
void fetch_line(const table::Record& record) {
    constexpr std::size_t cache_line = 64;
    const auto* const bytes = reinterpret_cast<const char*>(&record);
    for (std::size_t i = cache_line; i < sizeof record; i += cache_line)
        __builtin_prefetch(bytes + i);
}

}  // namespace

void Session::nearby(const Line& line, const protocol::Nearby& nearby) {
    assert(!waits());
    if (host_.searches == nullptr) return invalid(line.text);
    near::Wanted wanted{nearby.centre, nearby.radius_mm, nearby.bound, nullptr};
    if (host_.admissions != nullptr) {
        wanted.scope =
            host_.admissions->scope(*this, access::Right::ask, nearby.client, received_s());
        if (wanted.scope == nullptr) return invalid(line.text);
    }
    if (!nearby.client.empty()) {
        const table::Record* record = host_.core.table.find(nearby.client, line.key);
        if (record == nullptr || host_.core.expired(record->effective_ns, host_.received_ns)) {
            return invalid(line.text);
        }
        wanted.centre = host_.core.table.place(*record);
    }
    near::Search* const search =
        host_.searches->begin(wanted, this, near::Search::Done::to<&Session::on_found>(*this));
    if (search == nullptr) return invalid(line.text);
    ++host_.core.counters.nearby;
    proven_ = true;
    if (!host_.searches->run(*search, host_.received_ns)) {
        question_ = searching;
        host_.searches->wait(*search);
        return stream_.pause();
    }
    tell_near(search->found());
    host_.searches->end(*search);
    if (host_.searches->spent()) stream_.yield();
}

void Session::on_found(near::Search& search) {
    assert(question_ == searching);
    assert(!stream_.listens());
    tell_near(search.found());
    host_.searches->end(search);
    question_ = Questions::no_index;
    answered_late();
}

// The nearest of them whose lines find room, as one piece.
void Session::tell_near(Found found) {
    const table::LocationTable& table = host_.core.table;
    const std::size_t size_max = std::min(answer_size_max, host_.core.wire.limits().send_size);
    std::size_t size = protocol::nearby_answer_size_max + 2;
    std::uint32_t count = 0;
    for (; count < found.size(); ++count) {
        const table::Record& record = table.at(found[count].slot);
        fetch_line(record);
        size += protocol::near_size_max + record.line_size + 1;
        if (size > size_max) break;
    }
    assert(size <= size_max || count < found.size());
    const std::span<char> out = stream_.reserve(std::min(size, size_max));
    char* at = out.data();
    const auto end_line = [&](std::size_t written) {
        at += written;
        *at++ = '\n';
    };
    end_line(protocol::format(out, protocol::NearbyAnswer{host_.core.name, count}).size());
    for (const geo::Nearest::Found& each : found.first(count)) {
        const std::string_view at_line = table.line(table.at(each.slot));
        at += protocol::format_near({at, protocol::near_size_max}, each.distance_mm).size();
        std::memcpy(at, at_line.data(), at_line.size());
        end_line(at_line.size());
    }
    end_line(0);
    sent(static_cast<std::size_t>(at - out.data()), out.data());
}

}  // namespace herd::clients
