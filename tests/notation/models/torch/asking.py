"""Modules that ask for derivatives while they run, as people write them: torch.autograd.grad within the forward."""

import torch
from torch import Tensor, nn
from torch.autograd import grad

from tests.notation.models.torch.modules import Case, real, reals


def net(inputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 1))


class Asking(nn.Module):
    def __init__(self, inputs: int = 2) -> None:
        super().__init__()
        self.net = net(inputs)


class Burgers(Asking):
    """The residual of an equation of a fluid, by copies of columns."""

    def forward(self, points: Tensor) -> Tensor:
        x = points[:, 0:1].clone().requires_grad_(True)
        t = points[:, 1:2].clone().requires_grad_(True)
        u = self.net(torch.cat([x, t], 1))
        u_x, u_t = grad(u.sum(), [x, t], create_graph=True)
        u_xx = grad(u_x, x, grad_outputs=torch.ones_like(u_x), create_graph=True)[0]
        return torch.mean((u_t + u * u_x - 0.1 * u_xx) ** 2)


class Poisson(Asking):
    """A Laplacian, axis by axis, of the input itself."""

    def forward(self, x: Tensor) -> Tensor:
        x.requires_grad_(True)
        u = self.net(x)
        g = grad(u, x, torch.ones_like(u), create_graph=True)[0]
        bent = torch.zeros(len(x))
        for i in range(x.shape[1]):
            bent = bent + grad(g[:, i], x, torch.ones_like(g[:, i]), create_graph=True)[0][:, i]
        return ((bent + torch.sin(x[:, 0])) ** 2).mean()


class Penalty(Asking):
    """The gradient penalty of a critic."""

    def forward(self, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
        between = (share * real + (1 - share) * fake).requires_grad_(True)
        d = self.net(between)
        (g,) = grad(d, between, torch.ones(d.size()), create_graph=True, retain_graph=True, only_inputs=True)
        penalty = ((g.view(g.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()
        return self.net(fake).mean() - self.net(real).mean() + 10 * penalty


class Hamiltonian(Asking):
    def forward(self, x: Tensor, flow: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            slope = grad(self.net(x).sum(), x, create_graph=True)[0]
        return ((slope @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]) - flow) ** 2).mean()


class Forces(Asking):
    def forward(self, places: Tensor, forces: Tensor) -> Tensor:
        places = places.requires_grad_()
        apart = (places[:, None] - places[None]).pow(2).sum(-1) + 1.0
        energy = self.net(apart.unsqueeze(-1)).sum()
        return ((-grad(energy, places, create_graph=True)[0] - forces) ** 2).mean() + 1e-3 * energy**2


class Adapted(nn.Module):
    """A step of descent within the loss; `through` says whether anything goes back through it."""

    def __init__(self, through: bool) -> None:
        super().__init__()
        self.W, self.b, self.through = nn.Parameter(torch.randn(3, 1)), nn.Parameter(torch.zeros(1)), through

    def forward(self, x: Tensor, y: Tensor, new_x: Tensor, new_y: Tensor) -> Tensor:
        loss = ((x @ self.W + self.b - y) ** 2).mean()
        dW, db = grad(loss, (self.W, self.b), create_graph=self.through)
        return ((new_x @ (self.W - 0.1 * dW) + self.b - 0.1 * db - new_y) ** 2).mean()


class Sliced(Asking):
    """Sliced score matching."""

    def forward(self, x: Tensor, v: Tensor) -> Tensor:
        x = x.clone().requires_grad_(True)
        score = grad(-self.net(x).sum(), x, create_graph=True)[0]
        bent = grad((score * v).sum(), x, create_graph=True)[0]
        return ((v * bent).sum(1) + 0.5 * (score**2).sum(1)).mean()


ASKING = {
    "Burgers": Case(Burgers, real(5, 2)),
    "Poisson": Case(Poisson, real(5, 2)),
    "gradient penalty": Case(Penalty, reals((4, 2), (4, 2), (4, 1))),
    "Hamiltonian": Case(Hamiltonian, reals((5, 2), (5, 2))),
    "forces": Case(lambda: Forces(1), reals((4, 3), (4, 3))),
    "meta-learning": Case(lambda: Adapted(True), reals((5, 3), (5, 1), (4, 3), (4, 1))),
    "meta-learning, first order": Case(lambda: Adapted(False), reals((5, 3), (5, 1), (4, 3), (4, 1))),
    "sliced score": Case(Sliced, reals((5, 2), (5, 2))),
}
