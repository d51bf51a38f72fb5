#pragma once

#include "herd/phones/names.hpp"

#include <cstdint>
#include <string_view>

namespace herd::phones {

// A number that may have been said, and may be none.
struct Said {
    enum class Is : std::uint8_t { absent, unreadable, good };

    Is is = Is::absent;
    std::int64_t value = 0;

    bool good() const { return is == Is::good; }
};

// Where a phone was and when, as far as it has said so.
class Sighting {
public:
    // What a field says, as it was written; nothing, or blanks, is not said. Of the names for a
    // time `timestamp` counts before `time`, and that before `tst`; other fields are none of a
    // sighting. `cut`: there was more of it.
    void set(Field field, std::string_view text, bool cut = false);
    // "LATITUDE,LONGITUDE".
    void set_both(std::string_view text, bool cut = false);

    // In units of 1/protocol::degree.
    const Said& latitude() const { return latitude_; }
    const Said& longitude() const { return longitude_; }
    // In nanoseconds since 1970.
    const Said& time() const { return time_; }
    // By how many metres it may be wrong, rounded down; nothing that is less than one is good, as
    // 0 is "by GPS" of one app and "unknown" of another, and less is "unknown" of a third.
    const Said& accuracy() const { return accuracy_; }
    // It is a place on earth, and not nowhere on the gulf of Guinea: that is how apps say that they
    // do not know.
    bool is_somewhere() const {
        return latitude_.good() && longitude_.good() &&
               (latitude_.value != 0 || longitude_.value != 0);
    }

private:
    void set_time(Field name, std::string_view text, bool cut);

    Said latitude_, longitude_, time_, accuracy_;
    Field time_name_ = Field::tst;
};

}  // namespace herd::phones
