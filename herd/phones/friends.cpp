#include "herd/phones/friends.hpp"

#include "herd/table/families.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <span>
#include <variant>

namespace herd::phones {

namespace {

using protocol::Spot;
using protocol::TextWriter;

// All of an element but its `tid`, which is a name with three bytes for each at most.
constexpr std::string_view longest =
    R"(,{"_type":"location","tid":"","lat":-90.1234567,"lon":-180.1234567,"tst":9223372036})";

std::string_view stem_of(const access::Pattern& pattern) {
    std::string_view stem = pattern.text();
    stem.remove_suffix(1);
    return stem;
}

// In ten-millionths of a degree.
void put_degrees(TextWriter& out, std::int64_t value) {
    constexpr std::uint64_t degree = Spot::per_degree;
    const std::uint64_t size = TextWriter::magnitude(value);
    if (value < 0) out.put('-');
    out.put_decimal(size / degree);
    out.put('.');
    out.put_decimal(size % degree, 7);
}

// By this the apps tell friends apart, and make a topic of it, of which a slash would be a part of
// its own: so no two names become one, and none is more than one word of plain letters.
void put_tid(TextWriter& out, std::string_view name) {
    for (const char byte : name) {
        const bool plain = byte > ' ' && byte <= '~' &&
                           std::string_view("\"\\%/+#").find(byte) == std::string_view::npos;
        if (plain) {
            out.put(byte);
        } else {
            out.put('%');
            out.put_hex(static_cast<unsigned char>(byte), 2);
        }
    }
}

}  // namespace

std::string_view Friends::tell(const access::Grant& grant, std::string_view own) {
    assert(grant.rights.friends);
    const std::span<Found> found = look(grant, own);
    const std::size_t told = std::min(found.size(), told_max);
    cut_ = cut_ || told < found.size();
    std::ranges::partial_sort(found,
                              found.begin() + static_cast<std::ptrdiff_t>(told),
                              std::ranges::greater{},
                              &Found::effective_ns);
    TextWriter out(body_);
    out.put('[');
    for (const Found& each : found.first(told)) {
        if (!put(out, stem_of(grant.pattern), each.slot)) cut_ = true;
    }
    out.put(']');
    assert(!out.overflowed());
    core_.counters.phone_friends_cut += cut_ ? 1 : 0;
    return out.text();
}

std::span<Friends::Found> Friends::look(const access::Grant& grant, std::string_view own) {
    cut_ = false;
    if (!grant.pattern.text().ends_with('*')) return {};
    const std::string_view stem = stem_of(grant.pattern);
    const std::string_view family = table::Families::of(stem);
    if (family.empty()) return {};
    const std::size_t seen = core_.table.family(family, slots_);
    cut_ = seen == looked_at_max;  // There may be more.
    const auto slots = std::span(slots_).first(seen);
    for (const std::uint64_t slot : slots) {
        __builtin_prefetch(&core_.table.at(static_cast<std::uint32_t>(slot)));
    }
    const std::int64_t now_ns = reactor::sys::wall_ns();
    std::size_t count = 0;
    for (const std::uint64_t each : slots) {
        const auto slot = static_cast<std::uint32_t>(each);
        const table::Record& record = core_.table.at(slot);
        const std::string_view client = core_.table.client(record);
        // What is called no more than they all are has no name of its own.
        if (client == own || client.size() <= stem.size()) continue;
        if (!grant.allows(client, access::Right::ask)) continue;
        if (core_.expired(record.effective_ns, now_ns)) continue;
        found_[count++] = {record.effective_ns, slot};
    }
    return std::span(found_).first(count);
}

bool Friends::put(TextWriter& out, std::string_view stem, std::uint32_t slot) const {
    const table::Record& record = core_.table.at(slot);
    const auto message = protocol::parse_peer_message(core_.table.line(record));
    const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
    assert(line != nullptr);
    const std::int64_t time_s = line->time.nanoseconds / 1'000'000'000;
    // To the apps that is no message.
    if (time_s <= 0) return true;
    const std::string_view name = line->client.substr(stem.size());
    const std::size_t end_size = 1;
    if (out.size() + longest.size() + 3 * name.size() + end_size > size_max) return false;
    const Spot spot = record.spot;
    out.put(out.size() > 1 ? R"(,{"_type":"location","tid":")" : R"({"_type":"location","tid":")");
    put_tid(out, name);
    out.put(R"(","lat":)");
    put_degrees(out, std::int64_t{spot.latitude} - Spot::latitude_max / 2);
    out.put(R"(,"lon":)");
    put_degrees(out, std::int64_t{spot.longitude} - Spot::longitude_end / 2);
    out.put(R"(,"tst":)");
    out.put_signed(time_s);
    out.put('}');
    ++core_.counters.phone_friends;
    return true;
}

}  // namespace herd::phones
