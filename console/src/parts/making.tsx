import { type Power, useRefusal } from "../api/me.ts";
import { Button } from "./button.tsx";
import { useAddress } from "./list.tsx";

/** The making of one more of what a page lists: the button that begins it, and whether it is under way, which is in the address. */
export function useMaking(label: string, needs: Power = "change") {
  const [address, setAddress] = useAddress();
  const refused = useRefusal(needs);
  return {
    action: (
      <Button look="main" refused={refused} onClick={() => setAddress({ new: "1" })}>
        {label}
      </Button>
    ),
    making: Boolean(address["new"]),
    end: () => setAddress({ new: undefined }),
  };
}
