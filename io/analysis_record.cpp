#include "io/analysis_record.h"

#include <cassert>

namespace headsweep {

const char* name_of(CompletenessRecord::Choice choice) {
  switch (choice) {
    case CompletenessRecord::Choice::whole:
      return "whole";
    case CompletenessRecord::Choice::random:
      return "random";
    case CompletenessRecord::Choice::greedy:
      return "greedy";
  }
  assert(false);
  return "";
}

}  // namespace headsweep
