#pragma once

#include "herd/core.hpp"
#include "herd/intake/quota.hpp"
#include "herd/journal/journal.hpp"
#include "herd/table/location_table.hpp"
#include "protocol/at_line.hpp"
#include "protocol/command.hpp"
#include "reactor/address.hpp"
#include "reactor/result.hpp"
#include "reactor/stream.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::intake {

// What becomes of a report.
enum class Fate : std::uint8_t {
    kept,
    older,  // than what is known, or the same: it has an answer all the same
    // Refused; nothing has changed.
    remote,        // its stamp is centuries ago
    ahead,         // its stamp is too far ahead
    expired,       // it would be forgotten at once
    crowded,       // an unknown client, and few slots are left
    full,          // an unknown client, and no slot is left
    no_long_line,  // no room for a line of that length
};

// Where clients' reports come in, by whichever way: takes each into the table, or says why not, and
// counts it. One serves a whole server, which owns it; the journal, or null, outlives it.
class Intake {
public:
    struct Taken {
        Fate fate;
        std::string_view answer = {};  // an AT line, of one that is not refused

        bool refused() const { return fate > Fate::older; }
    };

    Intake(const Core& core, journal::Journal* journal) : core_(core), journal_(journal) {}

    // Room that take() needs for the answer.
    std::size_t answer_size_max(const protocol::IamAt& report) const {
        return protocol::at_line_size_max(core_.name, report);
    }
    // A report that came by the wall clock at `received_ns`; its answer is written into `out`, of
    // answer_size_max(), which overlaps none of the report's texts. `from()`, the Result of an
    // address, is asked only where few slots are left.
    template <class From>
    Taken take(std::span<char> out,
               const protocol::IamAt& report,
               table::LocationTable::Key key,
               std::int64_t received_ns,
               From from);
    // Before the answer to a report that was not refused: holds it back until the report is on the
    // disk, if that was promised.
    void hold_answer(reactor::Stream& stream) {
        if (journal_ != nullptr) journal_->cork_until_synced(stream);
    }

    // The journal is still being read, so clients may be missing that are known.
    bool loading() const { return journal_ != nullptr && !journal_->whole(); }

    Quota& newcomers() { return newcomers_; }

private:
    Fate judge(table::Stored stored);

    const Core core_;  // A copy: it is asked several times for each line.
    journal::Journal* const journal_;
    Quota newcomers_{core_.limits.new_clients_per_s};
};

// What each is for people: a clause, without a full stop. Not of `kept`.
std::string_view to_text(Fate fate);

template <class From>
Intake::Taken Intake::take(std::span<char> out,
                           const protocol::IamAt& report,
                           table::LocationTable::Key key,
                           std::int64_t received_ns,
                           From from) {
    assert(!report.client.empty());
    std::int64_t skew_ns = 0;
    // Centuries ago: the difference is beyond what a line can say.
    if (__builtin_sub_overflow(received_ns, report.time.nanoseconds, &skew_ns)) {
        return {Fate::remote};
    }
    if (core_.too_far_ahead(skew_ns, report.time.nanoseconds)) {
        ++core_.counters.future_stamps;
        return {Fate::ahead};
    }
    if (core_.expired(report.time.nanoseconds, skew_ns, received_ns)) {
        ++core_.counters.expired_stamps;
        return {Fate::expired};
    }
    const protocol::AtLine line = protocol::write_at(out, core_.name, skew_ns, report);
    table::Stored stored = core_.table.report(line, key);
    if (stored == table::Stored::reserved) {
        const reactor::Result<reactor::Address> address = from();
        if (address && newcomers_.admits(*address, core_.wire.seconds())) {
            stored = core_.table.report_newcomer(line, key);
        }
    }
    return {judge(stored), line.whole};
}

inline Fate Intake::judge(table::Stored stored) {
    switch (stored) {
        case table::Stored::reserved:
            ++core_.counters.newcomers_refused;
            return Fate::crowded;
        case table::Stored::table_full:
            ++core_.counters.table_full;
            return Fate::full;
        case table::Stored::no_long_line:
            ++core_.counters.long_records_full;
            return Fate::no_long_line;
        case table::Stored::not_newer:
            ++core_.counters.iamat_old;
            break;
        case table::Stored::stored:
            break;
    }
    ++core_.counters.iamat;
    return stored == table::Stored::stored ? Fate::kept : Fate::older;
}

}  // namespace herd::intake
