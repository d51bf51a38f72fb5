// A table whose clients come, move and go as the input says, and NEARBYs among them, in turns of
// any size: whoever is found is where the line says, in order, and nobody who is nearer is missing.
#include "herd/geo/nearest.hpp"
#include "herd/geo/sphere.hpp"
#include "herd/near/crowd.hpp"
#include "herd/table/location_table.hpp"
#include "protocol/peer_message.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nearby_fuzz {

namespace {

using namespace herd;

constexpr std::uint32_t clients = 120;

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::uint32_t byte() {
        if (bytes_.empty()) return 0;
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }
    std::uint32_t word() { return byte() << 8 | byte(); }

private:
    std::span<const std::uint8_t> bytes_;
};

// Few places, and often one of the very same, or one at a pole or at the antimeridian.
std::string location_of(Input& input) {
    constexpr const char* odd[] = {"+90+0", "+90-77.5", "-90+180", "+0+180", "+0-180.0", "+0+0"};
    const std::uint32_t kind = input.byte();
    if (kind < 64) return odd[kind % std::size(odd)];
    const auto number = [&](std::uint32_t range, std::uint32_t scale) {
        const std::uint32_t value = input.word() % range;
        std::string text = (value % 2 == 0 ? "+" : "-") + std::to_string(value / scale);
        if (kind % 4 > 0) text += "." + std::to_string(value);
        if (kind % 4 > 2) text += std::to_string(input.word()) + std::to_string(input.word());
        return text;
    };
    return number(90, 1) + number(180, 1);
}

class World {
public:
    World() {
        [[maybe_unused]] const bool opened =
            table_.open({clients, clients, 512}, table::ClientHash(1, 2)).has_value();
        assert(opened);
    }

    void play(Input input) {
        while (!input.empty()) {
            switch (const std::uint32_t what = input.byte(); what % 4) {
                case 0:
                    forget(input.byte());
                    break;
                case 1:
                    search(input, what / 4 + 1);
                    break;
                default:
                    report(input.byte() % clients, location_of(input));
            }
        }
        table_.check(true);
    }

private:
    void report(std::uint32_t client, const std::string& location) {
        assert(protocol::is_iso6709(location));
        const std::string line = "AT S +0.000000000 c" + std::to_string(client) + " " + location +
                                 " " + std::to_string(++stamp_);
        const auto message = protocol::parse_peer_message(line);
        assert(message.has_value());
        const auto stored = table_.relay(std::get<protocol::AtLine>(*message), 0);
        assert(stored == table::Stored::stored);
    }
    void forget(std::uint32_t slot) {
        if (slot < table_.slots() && table_.used(slot)) table_.remove(slot);
    }

    void search(Input& input, std::uint32_t visits) {
        const protocol::Iso6709 centre = *protocol::parse_iso6709(location_of(input));
        const double radius_m = input.word() % 50'001;
        std::vector<geo::Nearest::Found> room(input.byte());
        const near::Crowd crowd(table_, nullptr, 0);
        geo::Nearest nearest(*table_.positions(), crowd, centre, radius_m, room);
        for (std::uint32_t left = visits; !nearest.run(left); left = visits) {
        }
        const geo::Centre from(centre);
        std::vector<geo::Nearest::Found> all;
        for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
            if (!table_.used(slot)) continue;
            const double far_m = from.distance_m(crowd.place(slot));
            if (far_m > radius_m) continue;
            all.push_back({static_cast<std::uint32_t>(std::llround(far_m * 1000)), slot});
        }
        std::ranges::sort(all, [&](const auto& one, const auto& other) {
            if (one.distance_mm != other.distance_mm) return one.distance_mm < other.distance_mm;
            return crowd.precedes(one.slot, other.slot);
        });
        all.resize(std::min(all.size(), room.size()));
        assert(std::ranges::equal(
            nearest.found(), all, {}, &geo::Nearest::Found::slot, &geo::Nearest::Found::slot));
    }

    table::LocationTable table_;
    int stamp_ = 0;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    World world;
    world.play(Input({data, size}));
}

}  // namespace nearby_fuzz
