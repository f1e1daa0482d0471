import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { rolesQuery } from "../../api/roles.ts";
import { Loaded } from "../../parts/page.tsx";
import { Badge } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { NAMES, standing } from "./health.ts";

/** How each role is, and how soon those that enforce hear of what ended. */
export function Roles() {
  const query = useQuery(rolesQuery);
  return (
    <section className="stack-small" aria-labelledby="roles">
      <div className="spread">
        <h2 id="roles">Is everything at work?</h2>
        <Link to="/diagnostics" className="small">
          Diagnostics
        </Link>
      </div>
      <Loaded query={query}>
        {(roles) => (
          <Table heads={["Role", "State", "What it says"]} headless stacked>
            {roles.map((one) => {
              const { meaning, word, more } = standing(one);
              return (
                <tr key={one.role}>
                  <td>{NAMES[one.role]}</td>
                  <td>
                    <Badge meaning={meaning}>{word}</Badge>
                  </td>
                  <td className="quiet small wraps">{more}</td>
                </tr>
              );
            })}
          </Table>
        )}
      </Loaded>
    </section>
  );
}
