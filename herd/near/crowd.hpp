#pragma once

#include "herd/access/grant.hpp"
#include "herd/geo/cell.hpp"
#include "herd/geo/nearest.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "protocol/iso6709.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace herd::near {

// The clients of a table that somebody may be told of: whose reports have not expired, and whom a
// token's pattern covers, where there is one. Borrows both.
class Crowd final : public geo::Population {
public:
    // `scope` null: all of them. A `ttl_ns` of 0 is none.
    Crowd(const table::LocationTable& table, const access::Pattern* scope, std::int64_t ttl_ns)
        : table_(table), scope_(scope), ttl_ns_(ttl_ns) {}

    // By which what has expired is told.
    void set_clock(std::int64_t wall_ns) { wall_ns_ = wall_ns; }

    void fetch(std::span<const std::uint64_t> keys) const override {
        for (const std::uint64_t key : keys) __builtin_prefetch(&table_.at(geo::slot_of(key)));
    }
    void spots(std::span<const std::uint64_t> keys, std::span<protocol::Spot> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[i] = table_.at(geo::slot_of(keys[i])).spot;
        }
    }
    protocol::Iso6709 place(std::uint32_t slot) const override {
        return table_.place(table_.at(slot));
    }
    bool counts(std::uint32_t slot) const override {
        if (!table_.used(slot)) return false;
        const table::Record& record = table_.at(slot);
        if (table::rules::expired(record.effective_ns, wall_ns_, ttl_ns_)) return false;
        return scope_ == nullptr || scope_->covers(table_.client(record));
    }
    // By the bytes of their names.
    bool precedes(std::uint32_t one, std::uint32_t other) const override {
        return table_.client(table_.at(one)) < table_.client(table_.at(other));
    }

private:
    const table::LocationTable& table_;
    const access::Pattern* scope_;
    std::int64_t ttl_ns_;
    std::int64_t wall_ns_ = 0;
};

}  // namespace herd::near
