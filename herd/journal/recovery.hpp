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

    static Paths of(const std::string& folder, std::string_view server);
};

// Why a file is to be kept under another name when a new one takes the journal's name. The other
// name says it.
enum class Aside : std::uint8_t {
    none,
    bad,      // <name>.bad-<seconds>: it was not read, or is no journal
    refused,  // <name>.refused-<number>: the server could not take all of its records
};

// What a server begins with: its journal's file, to be gone on with, or the reason why it cannot
// be.
struct Recovered {
    int fd = -1;                // -1: there is a reason
    std::uint64_t size = 0;     // All of it is good.
    reactor::Errno error = {};  // the reason
    Aside aside = Aside::none;
    // How many files that were put aside before, as refused, have been read; and how many records
    // of all files were refused again.
    std::uint32_t kept = 0;
    std::uint64_t refused = 0;
};

// Opens the journal's file, fills the server's table from it, and cuts off what is not good. Then
// the table takes what it can of files that were put aside for want of room or for their stamps:
// that may be all, by now. What can be read but not written is loaded, too; what is not a journal
// is put aside. Fails when the server must not start: it would go on with what is not its own, or
// lose what it could not read.
Outcome<Recovered> recover(Core& core, const Paths& place);

inline constexpr std::size_t path_size_max = 4096;  // Linux's PATH_MAX, with the zero

// The name, with a zero behind it, of a file that is put aside: as bad, now; or as the refused one
// of that number, from 1 on. Takes no memory.
reactor::Result<std::string_view> name_bad(const Paths& place, std::span<char> out);
reactor::Result<std::string_view> name_refused(const Paths& place,
                                               std::uint32_t number,
                                               std::span<char> out);
void log_put_aside(Core& core, std::string_view path);

}  // namespace herd::journal
