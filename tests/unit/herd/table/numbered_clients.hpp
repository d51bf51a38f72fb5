#pragma once

#include "herd/table/location_table.hpp"
#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace herd {

// A table whose clients are numbers, each report newer than all before it.
struct Clients {
    explicit Clients(std::uint32_t capacity) {
        REQUIRE(table.open({capacity, 1, 256}, table::ClientHash(1, 2)).has_value());
    }

    void report(std::uint64_t client) {
        const std::string line =
            "AT S +0.000000000 c" + std::to_string(client) + " +1-1 " + std::to_string(++stamp);
        const auto message = protocol::parse_peer_message(line);
        REQUIRE(table.report(std::get<protocol::AtLine>(*message)) == table::Stored::stored);
    }
    void expire(std::uint64_t client) {
        const table::Record* record = table.find("c" + std::to_string(client));
        if (record != nullptr) table.remove(slot(record));
    }
    std::uint32_t slot(const table::Record* record) const {
        return static_cast<std::uint32_t>(record - &table.at(0));
    }

    table::LocationTable table;
    std::uint64_t stamp = 0;
};

}  // namespace herd
