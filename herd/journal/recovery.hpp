#pragma once

#include "herd/core.hpp"
#include "herd/outcome.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace herd::journal {

// Where one server's journal is.
struct Paths {
    std::string folder;
    std::string file;
    std::string next;  // what is to take the file's place
};

// What a server begins with: its journal's file, to be gone on with, or the reason why it cannot
// be.
struct Recovered {
    int fd = -1;                // -1: there is a reason
    std::uint64_t size = 0;     // All of it is good.
    reactor::Errno error = {};  // the reason
    bool put_aside = false;  // What is, or may be, under the name was not read: it is to be kept.
};

// Opens the journal's file, fills the server's table from it, and cuts off what is not good. What
// can be read but not written is loaded, too; what is not a journal is put aside. Fails when the
// server must not start: it would go on with what is not its own, or lose what it could not read.
Outcome<Recovered> recover(Core& core, const Paths& place);

inline constexpr std::size_t path_size_max = 4096;  // Linux's PATH_MAX, with the zero

// The name, with a zero behind it, under which what is under the journal's name is kept when that
// is put aside now.
reactor::Result<std::string_view> name_aside(const Paths& place, std::span<char> out);
void log_put_aside(Core& core, std::string_view path);

}  // namespace herd::journal
