#pragma once

#include "herd/core.hpp"
#include "herd/intake/intake.hpp"
#include "herd/phones/complaints.hpp"
#include "herd/phones/friends.hpp"
#include "herd/phones/notebook.hpp"

#include <cstdint>

namespace herd::phones {

// What all visits share; outlives them. Owned by Phones.
struct Reception {
    Reception(Core& its_core, intake::Intake& its_intake)
        : core(its_core), intake(its_intake), friends(its_core) {}

    Core& core;
    intake::Intake& intake;
    std::uint32_t max_accuracy_m = 0;  // The configuration's; 0: any will do.
    Complaints complaints;
    Notebook notebook;
    Friends friends;
};

}  // namespace herd::phones
