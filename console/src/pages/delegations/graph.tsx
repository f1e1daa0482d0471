import { useQuery } from "@tanstack/react-query";
import { coordinator, read } from "../../api/client.ts";
import { Loaded } from "../../parts/page.tsx";
import { shortened } from "../../parts/show.tsx";
import { layout, lineage, type Node } from "./layout.ts";
import "./graph.css";

const WIDTH = 190;
const HEIGHT = 44;
const GAP_X = 170;
const GAP_Y = 20;
/** Most delegations that are drawn: more than that nobody reads as a picture. */
const MOST = 100;

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
const left = (node: Node): number => node.column * (WIDTH + GAP_X) + 2;
const top = (node: Node): number => node.row * (HEIGHT + GAP_Y) + 2;

function line(from: Node, to: Node): string {
  const [x, y] = [left(from) + WIDTH, top(from) + HEIGHT / 2];
  const [u, v] = [left(to), top(to) + HEIGHT / 2];
  return `M${x},${y} C${x + GAP_X / 2},${y} ${u - GAP_X / 2},${v} ${u},${v}`;
}

/** Where an edge says what it hands on: above its middle. */
const middle = (from: Node, to: Node): { x: number; y: number } => ({
  x: (left(from) + WIDTH + left(to)) / 2,
  y: (top(from) + top(to) + HEIGHT) / 2 - 6,
});

/**
 * Who handed authority to whom, from left to right. The table below has the same for the keyboard and for screen readers.
 */
export function DelegationGraph({
  zone,
  names,
  open,
  onOpen,
}: {
  zone: string;
  names: ReadonlyMap<string, string>;
  open: string | undefined;
  onOpen: (id: string) => void;
}) {
  const query = useQuery({
    queryKey: ["zone", zone, "delegation-graph"],
    refetchInterval: 5_000,
    queryFn: () =>
      read(
        coordinator.GET("/zones/{zone}/delegations/active", {
          params: { path: { zone }, query: { limit: MOST } },
        }),
      ),
  });
  return (
    <Loaded query={query}>
      {({ items, next_cursor }) => {
        if (items.length === 0) return null;
        const graph = layout(items);
        const path = lineage(items, open);
        const size = [graph.columns * (WIDTH + GAP_X) - GAP_X + 4, graph.rows * (HEIGHT + GAP_Y) - GAP_Y + 4];
        return (
          <figure className="stack-small">
            <div className="graph">
              <svg
                role="img"
                aria-label={`${items.length} delegations between ${graph.nodes.length} sessions, as in the table below`}
                width={size[0]}
                height={size[1]}
                viewBox={`0 0 ${size[0]} ${size[1]}`}
              >
                <defs>
                  <marker
                    id="arrow"
                    viewBox="0 0 8 8"
                    refX="8"
                    refY="4"
                    markerWidth="12"
                    markerHeight="12"
                    markerUnits="userSpaceOnUse"
                    orient="auto"
                  >
                    <path d="M0,0 L8,4 L0,8 z" />
                  </marker>
                </defs>
                {graph.edges.map((edge) => (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the table has a button for each of them
                  <g
                    key={edge.id}
                    className={path.has(edge.id) ? "one on" : "one"}
                    data-delegation={edge.id}
                    onClick={() => onOpen(edge.id)}
                  >
                    <path className="wide" d={line(edge.from, edge.to)} />
                    <path className="line" d={line(edge.from, edge.to)} markerEnd="url(#arrow)" />
                    <text textAnchor="middle" {...middle(edge.from, edge.to)}>
                      <title>{edge.without ? `${edge.scopes}, without ${edge.without}` : edge.scopes}</title>
                      {cut(edge.scopes, 20)}
                      {edge.without && <tspan className="narrowed"> narrower</tspan>}
                    </text>
                  </g>
                ))}
                {graph.nodes.map((node) => (
                  <g key={node.id}>
                    <rect x={left(node)} y={top(node)} width={WIDTH} height={HEIGHT} rx={6} />
                    <text x={left(node) + 10} y={top(node) + 18}>
                      {cut(names.get(node.application) ?? node.application, 24)}
                    </text>
                    <text className="mono" x={left(node) + 10} y={top(node) + 35}>
                      {shortened(node.id)}
                    </text>
                  </g>
                ))}
              </svg>
            </div>
            {next_cursor && (
              <figcaption className="quiet small">
                The newest {MOST} are drawn; all of them are in the table.
              </figcaption>
            )}
          </figure>
        );
      }}
    </Loaded>
  );
}
